import { OciSaveError } from '../errors.ts';
import { type Digest, isDigest } from '../oci/digest.ts';
import { isRepositoryPath, isTag } from '../oci/reference.ts';
import { quoteText } from '../oci/reference-quote.ts';

/** What a request is for, below its repository (distribution-spec, Endpoints). */
export type Endpoint =
  | { readonly kind: 'manifest'; readonly reference: string }
  | { readonly kind: 'blob'; readonly digest: Digest }
  | { readonly kind: 'tags' }
  | { readonly kind: 'referrers'; readonly digest: Digest }
  /** An upload starts; `mount` asks for a blob that the repository `from` of the same registry has. */
  | { readonly kind: 'upload'; readonly mount?: { readonly digest: Digest; readonly from: string } };

/**
 * The path of a request, with its query: the one place where it is put together, of components that fit their
 * grammars. None of these has a character that a URL reads as anything but itself.
 * @throws OciSaveError `unsupported` for a component outside its grammar; nothing may be sent then
 */
export function requestPath(repository: string, endpoint: Endpoint): string {
  const base = `/v2/${checked(repository, isRepositoryPath, 'repository name')}`;
  switch (endpoint.kind) {
    case 'manifest': {
      const { reference } = endpoint;
      return `${base}/manifests/${isTag(reference) ? reference : checked(reference, isDigest, 'tag or sha256 digest')}`;
    }
    case 'blob':
      return `${base}/blobs/${checked(endpoint.digest, isDigest, 'sha256 digest')}`;
    case 'tags':
      return `${base}/tags/list`;
    case 'referrers':
      return `${base}/referrers/${checked(endpoint.digest, isDigest, 'sha256 digest')}`;
    case 'upload': {
      const { mount } = endpoint;
      if (mount === undefined) return `${base}/blobs/uploads/`;
      const digest = encodeURIComponent(checked(mount.digest, isDigest, 'sha256 digest'));
      const from = encodeURIComponent(checked(mount.from, isRepositoryPath, 'repository name'));
      return `${base}/blobs/uploads/?mount=${digest}&from=${from}`;
    }
  }
}

/**
 * The address of a path at a registry.
 * @throws OciSaveError `unsupported` where parsing it as a URL changes anything: it would ask for something else
 */
export function requestUrl(path: string, registry: URL): URL {
  const url = URL.parse(path, registry.href);
  // Path and query are what is sent; a fragment is not.
  if (url?.origin === registry.origin && url.pathname + url.search === path) return url;
  throw refused(path, 'path of a request');
}

function checked(text: string, isValid: (text: string) => boolean, what: string): string {
  if (isValid(text)) return text;
  throw refused(text, what);
}

function refused(text: string, what: string): OciSaveError {
  return new OciSaveError({
    code: 'unsupported',
    message: `${quoteText(text)} is not a valid ${what}; nothing was sent to the registry`,
    hint: 'Correct the name where it was written: in the list, the lock or the push target.',
  });
}
