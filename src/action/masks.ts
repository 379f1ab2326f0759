import { percentDecoded } from '../text/plain-text.ts';
import { hiddenParts } from '../text/secret.ts';

/** A user and a password before a host. */
const USERINFO = /\/\/([^/@\s]+)@/g;

/** The same without a protocol, as in an image's name by mistake; a tag before a digest is none. */
const BARE_USERINFO =
  /(?<![^\s,"'=])[^\s/@:,"'=]+:([^\s/@]{1,1024})@(?!sha\d+[:-]|\w+:[0-9a-f]{32})(?:localhost\b|[^\s/@,"'=]*[.:])/g;

/** A signed address has its secret in the query. */
const ADDRESS = /\bhttps?:\/\/./;

/** Tokens that may write releases. */
const TOKENS = /^(INPUT_TOKEN|GITHUB_TOKEN|GH_TOKEN)$/;

const PROXIES = /^(https?|all)_proxy$/i;

/**
 * The secrets in the environment of a step: tokens, and passwords and queries of addresses in inputs and in the proxies'
 * variables. Credentials of registries are masked when they are read.
 */
export function secretsIn(env: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(env).flatMap(([name, value = '']) => {
    if (TOKENS.test(name)) return [value];
    const bare = name.startsWith('INPUT_') && name !== 'INPUT_CREDENTIALS' ? secretsBeforeHosts(value) : [];
    const isRead = name.startsWith('INPUT_') || PROXIES.test(name);
    return isRead ? [...secretsOfAddresses(value), ...bare] : [];
  });
}

function secretsOfAddresses(text: string): string[] {
  const userinfos = [...text.matchAll(USERINFO)].flatMap(([, userinfo = '']) => {
    const colon = userinfo.indexOf(':');
    const password = colon < 0 ? userinfo : userinfo.slice(colon + 1);
    return [password, percentDecoded(password)];
  });
  return [
    ...userinfos,
    ...text
      .split(/[\s#]+/)
      .map(queryIn)
      .filter((query) => query !== ''),
  ];
}

function secretsBeforeHosts(text: string): string[] {
  return [...text.matchAll(BARE_USERINFO)].map(([, password = '']) => password);
}

/** What follows the first `?` after the beginning of an address. */
function queryIn(word: string): string {
  const parts = word.split('?');
  const address = parts.findIndex((part) => ADDRESS.test(part));
  return address < 0 ? '' : parts.slice(address + 1).join('?');
}

/** What the runner hides in the log. */
export interface Masks {
  /** Makes it hide a secret from now on. */
  readonly add: (secret: string) => void;
  /** Whether a text has a part that is hidden. */
  readonly hides: (text: string) => boolean;
}

/**
 * Tells the runner of each secret once, line by line: it only hides text within one line.
 * @param warn told once, where a secret is too short to be hidden
 */
export function createMasks(setSecret: (secret: string) => void, warn: (message: string) => void): Masks {
  const masked = new Set<string>();
  let warned = false;
  return {
    add(secret) {
      const parts = hiddenParts(secret);
      if (parts.length === 0 && secret.trim() !== '' && !warned) {
        warned = true;
        warn(
          'a password or token with less than four characters in a line is not hidden in this log: use a longer one',
        );
      }
      for (const part of parts) {
        if (masked.has(part)) continue;
        masked.add(part);
        setSecret(part);
      }
    },
    hides: (text) => [...masked].some((part) => text.includes(part)),
  };
}
