import { OciSaveError } from '../errors.ts';

/** Which skopeo a run is to use. */
export type WantedSkopeo =
  | { readonly kind: 'auto' }
  | { readonly kind: 'file'; readonly path: string }
  /** A static binary, fetched and run only if its bytes have this sha256. */
  | { readonly kind: 'download'; readonly url: string; readonly sha256: string };

const ADDRESS = /^https?:\/\//i;
const CHECKSUM = /^(?:sha256[=:])?([0-9a-f]{64})$/i;

/**
 * Reads the option `skopeo`: `auto`, a path, or `URL#sha256=HEX`.
 * @throws OciSaveError `usage` for an address without its sha256: it may serve another program tomorrow
 */
export function parseWantedSkopeo(text: string): WantedSkopeo {
  if (text === 'auto') return { kind: 'auto' };
  if (!ADDRESS.test(text)) return { kind: 'file', path: text };
  const hash = text.indexOf('#');
  const sha256 = CHECKSUM.exec(hash < 0 ? '' : text.slice(hash + 1))?.[1];
  const url = hash < 0 ? text : text.slice(0, hash);
  if (sha256 === undefined || !URL.canParse(url)) {
    throw new OciSaveError({
      code: 'usage',
      message: 'skopeo: an address needs the sha256 of the binary that it serves',
      hint: 'Write URL#sha256=HEX; sha256sum prints the 64 hexadecimal digits.',
    });
  }
  return { kind: 'download', url, sha256: sha256.toLowerCase() };
}

/** The option as reports show it: an address without user, password and query, which may be secrets. */
export function formatWantedSkopeo(wanted: WantedSkopeo): string {
  switch (wanted.kind) {
    case 'auto':
      return 'auto';
    case 'file':
      return wanted.path;
    case 'download':
      return `${bareAddress(wanted.url)}#sha256=${wanted.sha256}`;
  }
}

/** An address without the parts that may be secret. */
export function bareAddress(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}
