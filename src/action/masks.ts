import { percentDecoded } from '../text/plain-text.ts';

/** A user and a password before a host. */
const USERINFO = /\/\/([^/@\s]+)@/g;

/** A signed address has its secret in the query. */
const QUERY = /\bhttps?:\/\/[^\s?#]+\?([^\s#]+)/g;

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
    return name.startsWith('INPUT_') || PROXIES.test(name) ? secretsOfAddresses(value) : [];
  });
}

function secretsOfAddresses(text: string): string[] {
  const userinfos = [...text.matchAll(USERINFO)].flatMap(([, userinfo = '']) => {
    const colon = userinfo.indexOf(':');
    const password = colon < 0 ? userinfo : userinfo.slice(colon + 1);
    return [password, percentDecoded(password)];
  });
  return [...userinfos, ...[...text.matchAll(QUERY)].map(([, query = '']) => query)];
}

/** Passes each secret to the runner once, line by line: the runner only hides text within one line. */
export function createMask(setSecret: (secret: string) => void): (secret: string) => void {
  const masked = new Set<string>();
  return (secret) => {
    for (const line of secret.split(/[\r\n]+/)) {
      // An empty mask would hide everything, or nothing.
      if (line.trim() === '' || masked.has(line)) continue;
      masked.add(line);
      setSecret(line);
    }
  };
}
