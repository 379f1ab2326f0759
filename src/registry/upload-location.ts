import { OciSaveError } from '../errors.ts';
import { redirectTarget } from '../http/redirect.ts';
import type { RegistryAnswer } from './session.ts';

/**
 * Where an upload goes on: the Location of an answer, relative or absolute, with its query. The rules are those of
 * redirects, but for one: a registry behind a proxy that ends TLS often names itself by http; it is asked by https.
 * @throws OciSaveError `unsupported` where it leads nowhere, or to a place that is not asked
 */
export function uploadLocation(
  subject: string,
  answer: Pick<RegistryAnswer, 'url' | 'host' | 'peer' | 'headers'>,
  trusted: boolean,
): URL {
  const { location } = answer.headers;
  const target = location === undefined ? null : URL.parse(location, answer.url.href);
  if (target === null) {
    throw new OciSaveError({
      code: 'unsupported',
      message: `${subject}: ${answer.host} does not say where the upload goes on`,
    });
  }
  if (answer.url.protocol === 'https:' && isPlainTwin(target, answer.url)) {
    // Part by part: joined as a text, a path of `//elsewhere` would name another host.
    const twin = new URL(answer.url);
    [twin.pathname, twin.search, twin.hash] = [target.pathname, target.search, ''];
    return twin;
  }
  return redirectTarget({ subject, from: answer.url, location: target.href, peer: answer.peer, trusted });
}

function isPlainTwin(target: URL, own: URL): boolean {
  return target.protocol === 'http:' && target.hostname === own.hostname;
}

/** The address with the digest that ends an upload. What stands in its query is a registry's own, and stays as it is. */
export function withDigest(location: URL, digest: string): URL {
  const url = new URL(location);
  url.search = `${url.search}${url.search === '' ? '?' : '&'}digest=${encodeURIComponent(digest)}`;
  return url;
}
