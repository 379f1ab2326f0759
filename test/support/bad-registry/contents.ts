import type { Digest } from '../../../src/oci/digest.ts';
import { parseManifest } from '../../../src/oci/manifest.ts';
import { descriptorOf, type Image, jsonBytes, type StoredManifest } from '../image.ts';
import { OCI_INDEX } from '../../../src/oci/media-type.ts';

/** What the registry holds, by repository. Images can be put while it runs. */
export interface Contents {
  readonly put: (repository: string, image: Image, tag?: string) => void;
  manifest(repository: string, reference: string): StoredManifest | undefined;
  blob(repository: string, digest: string): Uint8Array | undefined;
  tags(repository: string): string[] | undefined;
  /** The index of distribution-spec's referrers API; empty where nothing refers. */
  referrers(repository: string, subject: string): Uint8Array;
}

interface Repository {
  readonly manifests: Map<string, StoredManifest>;
  readonly blobs: Map<string, Uint8Array>;
  readonly tags: Map<string, Digest>;
}

export function emptyContents(): Contents {
  const repositories = new Map<string, Repository>();
  return {
    put: (name, image, tag) => {
      const repository = repositories.get(name) ?? {
        manifests: new Map(),
        blobs: new Map(),
        tags: new Map(),
      };
      repositories.set(name, repository);
      for (const [digest, manifest] of image.manifests) repository.manifests.set(digest, manifest);
      for (const [digest, bytes] of image.blobs) repository.blobs.set(digest, bytes);
      if (tag !== undefined) repository.tags.set(tag, image.top);
    },
    manifest: (name, reference) => {
      const repository = repositories.get(name);
      return repository?.manifests.get(repository.tags.get(reference) ?? reference);
    },
    blob: (name, digest) => repositories.get(name)?.blobs.get(digest),
    tags: (name) => {
      const repository = repositories.get(name);
      return repository ? [...repository.tags.keys()].sort() : undefined;
    },
    referrers: (name, subject) => {
      const manifests = [...(repositories.get(name)?.manifests.values() ?? [])].flatMap((stored) =>
        referrerOf(stored, subject),
      );
      return jsonBytes({ schemaVersion: 2, mediaType: OCI_INDEX, manifests });
    },
  };
}

function referrerOf({ bytes, mediaType }: StoredManifest, subject: string): unknown[] {
  if (mediaType.includes('manifest.v1+prettyjws') || mediaType.includes('docker.distribution.manifest.v1'))
    return [];
  const manifest = parseManifest(bytes);
  if (manifest.subject?.digest !== subject) return [];
  const config = manifest.kind === 'manifest' ? manifest.config.mediaType : '';
  return [descriptorOf(mediaType, bytes, { artifactType: manifest.artifactType ?? config })];
}
