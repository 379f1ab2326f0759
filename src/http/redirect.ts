import { OciSaveError } from '../errors.ts';
import { isPrivateHost } from './address.ts';

export const MAX_REDIRECTS = 5;

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

export function isRedirect(status: number): boolean {
  return REDIRECTS.has(status);
}

export interface Redirect {
  /** What was asked for, as messages call it. */
  readonly subject: string;
  readonly from: URL;
  readonly location: string | undefined;
  /** The address that answered, and whether the asked host is one that the user named as insecure. */
  readonly peer: string | undefined;
  readonly trusted: boolean;
}

/**
 * Where a redirect leads, whether absolute or relative. Its query is never quoted: presigned addresses are
 * secrets.
 * @throws OciSaveError `unsupported` where it leads from https to http, to another protocol, nowhere, or from
 *   a public registry to a private address (google/go-containerregistry refuses these, too).
 */
export function redirectTarget({ subject, from, location, peer, trusted }: Redirect): URL {
  const refuse = (why: string): OciSaveError =>
    new OciSaveError({
      code: 'unsupported',
      message: `${subject}: ${from.host} redirects ${why}, which is not followed`,
    });
  const target = location === undefined ? null : URL.parse(location, from.href);
  if (!target) throw refuse('to no address');
  if (target.protocol !== 'https:' && target.protocol !== 'http:') {
    throw refuse(`to the protocol ${target.protocol.slice(0, 20)}`);
  }
  if (from.protocol === 'https:' && target.protocol === 'http:') throw refuse('from https to plain HTTP');
  const here = isPrivateHost(from.hostname) || (peer !== undefined && isPrivateHost(peer));
  if (target.host !== from.host && isPrivateHost(target.hostname) && !here && !trusted) {
    throw refuse(`to the private address ${target.hostname}`);
  }
  return target;
}

export function tooManyRedirects(subject: string, host: string): OciSaveError {
  return new OciSaveError({
    code: 'unsupported',
    message: `${subject}: ${host} redirects more than ${MAX_REDIRECTS} times`,
  });
}
