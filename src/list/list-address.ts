import { OciSaveError } from '../errors.ts';
import { bareAddress } from '../options/index.ts';

/** A list at an address, with the hash of its bytes. */
export interface ListAddress {
  readonly url: string;
  /** Of its bytes, in lower-case hex. */
  readonly sha256: string;
  /** The address without user, password and query, which may be secrets: how messages, lock and report name the list. */
  readonly file: string;
}

/** Whether the option `image-list` has an address here, and not a path. */
export function isListAddress(text: string): boolean {
  return /^https?:\/\//i.test(text);
}

/** An entry of `image-list` as reports show it. */
export function shownList(text: string): string {
  if (!isListAddress(text)) return text;
  const [url = '', ...rest] = text.split('#');
  return URL.canParse(url) ? [bareAddress(url), ...rest].join('#') : 'an address';
}

/**
 * Reads `https://host/path#sha256=HEX`. Its bytes may be others tomorrow, so the hash is needed, as with a download.
 * @throws OciSaveError `usage` for plain HTTP, for an address without a hash, and for what is no address
 */
export function parseListAddress(text: string): ListAddress {
  const hash = text.indexOf('#');
  const url = hash < 0 ? text : text.slice(0, hash);
  if (!URL.canParse(url)) throw wrong('an address cannot be read', 'Write https://HOST/PATH#sha256=HEX.');
  const file = bareAddress(url);
  if (!file.startsWith('https:')) {
    throw wrong(`${file} is plain HTTP, in which others can read and change it`, 'Write https://.');
  }
  const after = hash < 0 ? '' : text.slice(hash + 1);
  const [, sha256] = /^sha256=([0-9a-f]{64})$/i.exec(after) ?? [];
  if (sha256 === undefined) {
    throw wrong(
      /^sha256=/i.test(after)
        ? `${file} is named with a sha256 that is not 64 hexadecimal digits`
        : `${file} needs the sha256 of its bytes, which may be others tomorrow`,
      `Write ${file}#sha256=HEX; curl -fsSL '${file}' | sha256sum prints the 64 hexadecimal digits.`,
    );
  }
  return { url, sha256: sha256.toLowerCase(), file };
}

function wrong(what: string, hint: string): OciSaveError {
  return new OciSaveError({ code: 'usage', message: `image-list: ${what}`, hint });
}
