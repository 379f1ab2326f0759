import type { Descriptor } from './descriptor.ts';
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
 * A Docker v2s2 manifest as an OCI one: media types renamed, every blob as it is. The mapping is our own, since
 * skopeo's gives other bytes in other versions: the same image has the same digest on every machine.
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

/** A Docker list as an OCI index over children that were converted before: `converted` has them by old digest. */
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
