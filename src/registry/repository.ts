import { type Digest, isDigest, shortDigest } from '../oci/digest.ts';
import { DEFAULT_REGISTRY } from '../oci/reference.ts';

/** A repository as a normalised reference names it: `domain` is `docker.io` or `host[:port]`. */
export interface Repository {
  readonly domain: string;
  readonly path: string;
  /** Another place is asked where this one does not give: it is not waited for long. */
  readonly isMirror?: boolean;
}

const MIRROR_PATIENCE_MILLISECONDS = 30_000;

/** How many milliseconds a repository's host is waited for while it says that it is not available; undefined for as it asks. */
export function patienceFor({ isMirror = false }: Repository): number | undefined {
  return isMirror ? MIRROR_PATIENCE_MILLISECONDS : undefined;
}

/** The host that serves a domain. Docker Hub's registry has another name than its images. */
export function registryHost(domain: string): string {
  return domain === DEFAULT_REGISTRY ? 'registry-1.docker.io' : domain;
}

/** How messages name a manifest: `domain/path:tag`, or `domain/path@` and a short digest. */
export function manifestSubject({ domain, path }: Repository, reference: string): string {
  return isDigest(reference)
    ? `${domain}/${path}@${shortDigest(reference)}`
    : `${domain}/${path}:${reference}`;
}

/** How messages name a blob. */
export function blobSubject({ domain, path }: Repository, digest: Digest): string {
  return `${domain}/${path}, blob ${shortDigest(digest)}`;
}
