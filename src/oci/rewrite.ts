import { OciSaveError } from '../errors.ts';
import type { Descriptor } from './descriptor.ts';
import type { Digest } from './digest.ts';
import type { ImageIndex, ImageManifest } from './manifest.ts';
import { DOCKER_CONFIG, OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST } from './media-type.ts';

const LAYERS: Record<string, string> = {
  'application/vnd.docker.image.rootfs.diff.tar': OCI_LAYER,
  'application/vnd.docker.image.rootfs.diff.tar.gzip': `${OCI_LAYER}+gzip`,
  'application/vnd.docker.image.rootfs.diff.tar.zstd': `${OCI_LAYER}+zstd`,
  'application/vnd.docker.image.rootfs.foreign.diff.tar':
    'application/vnd.oci.image.layer.nondistributable.v1.tar',
  'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip':
    'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
};

const encode = (json: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(json));

function blob(descriptor: Descriptor, mediaType: string): Record<string, unknown> {
  const { digest, size, urls, annotations } = descriptor;
  return { mediaType, digest, size, ...(urls ? { urls } : {}), ...(annotations ? { annotations } : {}) };
}

/**
 * A Docker v2s2 manifest as an OCI manifest: media types are renamed, every blob stays as it is. The mapping is our
 * own, since skopeo's gives other bytes in other versions: the same image has the same digest on every machine.
 */
export function convertManifest(manifest: ImageManifest): Uint8Array {
  return encode({
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: blob(
      manifest.config,
      manifest.config.mediaType === DOCKER_CONFIG ? OCI_CONFIG : manifest.config.mediaType,
    ),
    layers: manifest.layers.map((layer) => blob(layer, LAYERS[layer.mediaType] ?? layer.mediaType)),
  });
}

/** A Docker list as an OCI index; `converted` has the children that were converted, by their old digests. */
export function convertIndex(index: ImageIndex, converted: ReadonlyMap<string, Descriptor>): Uint8Array {
  return encode({
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: index.manifests.map((child) => {
      const { mediaType, digest, size } = converted.get(child.digest) ?? child;
      return { mediaType, digest, size, ...(child.platform ? { platform: child.platform } : {}) };
    }),
  });
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * An index with only the children in `keep`: the original JSON, its key order kept, `manifests` filtered. A child
 * that was narrowed itself has its new digest and size. The result has another digest than the original; it is for
 * readers that refuse a sparse index.
 */
export function narrowIndex(
  bytes: Uint8Array,
  keep: ReadonlyMap<Digest, { readonly digest: Digest; readonly size: number }>,
): Uint8Array {
  const index: unknown = JSON.parse(new TextDecoder().decode(bytes));
  if (!isRecord(index) || !Array.isArray(index['manifests'])) {
    throw new OciSaveError({ code: 'unsupported', message: 'an index without manifests cannot be narrowed' });
  }
  const byDigest = new Map<unknown, { readonly digest: Digest; readonly size: number }>(keep);
  const manifests = index['manifests'].flatMap((child: unknown) => {
    const kept = isRecord(child) ? byDigest.get(child['digest']) : undefined;
    if (!isRecord(child) || kept === undefined) return [];
    // The size is rewritten only with the digest: a source's own claims stay as they are.
    return [kept.digest === child['digest'] ? child : { ...child, ...kept }];
  });
  // A key that is assigned again keeps its place.
  return encode({ ...index, manifests });
}
