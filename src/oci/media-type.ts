/** Media types by the names of image-spec (media-types.md) and of Docker's schema 2. */
export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
export const OCI_CONFIG = 'application/vnd.oci.image.config.v1+json';
export const OCI_EMPTY = 'application/vnd.oci.empty.v1+json';
export const OCI_LAYER = 'application/vnd.oci.image.layer.v1.tar';
export const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
export const DOCKER_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json';
export const DOCKER_CONFIG = 'application/vnd.docker.container.image.v1+json';
const DOCKER_SCHEMA1 = /^application\/vnd\.docker\.distribution\.manifest\.v1\+(json|prettyjws)$/;

/** The manifest of artifacts in drafts of image-spec 1.1, and the one of ORAS before it. */
export const RETIRED_ARTIFACT = 'application/vnd.oci.artifact.manifest.v1+json';
const RETIRED_ARTIFACTS = [RETIRED_ARTIFACT, 'application/vnd.cncf.oras.artifact.manifest.v1+json'];

/** Every manifest type that we accept, indexes first; a registry responds with 404 where its own type is missing. */
export const ACCEPTED_MANIFESTS: readonly string[] = [OCI_INDEX, DOCKER_LIST, OCI_MANIFEST, DOCKER_MANIFEST];

export function isIndexType(type: string): boolean {
  return type === OCI_INDEX || type === DOCKER_LIST;
}

export function isManifestType(type: string): boolean {
  return type === OCI_MANIFEST || type === DOCKER_MANIFEST;
}

export function isDockerType(type: string): boolean {
  return type === DOCKER_MANIFEST || type === DOCKER_LIST;
}

export function isSchema1Type(type: string): boolean {
  return DOCKER_SCHEMA1.test(type);
}

export function isRetiredArtifactType(type: string): boolean {
  return RETIRED_ARTIFACTS.includes(type);
}

/** The config of BuildKit's build cache, in a manifest or among the layers that an index lists (moby/buildkit, cache/remotecache/v1). */
export function isBuildCacheType(type: string): boolean {
  return type.startsWith('application/vnd.buildkit.cacheconfig.');
}

/** A type that a manifest never has: of a layer or a config. */
export function isBlobType(type: string): boolean {
  if (type === OCI_CONFIG || type === DOCKER_CONFIG || type === OCI_EMPTY) return true;
  return ['application/vnd.oci.image.layer.', 'application/vnd.docker.image.rootfs.'].some((start) =>
    type.startsWith(start),
  );
}

/** A layer of a root file system, with any compression. Docker has had several names for it. */
export function isLayerType(type: string): boolean {
  return type.startsWith('application/vnd.oci.image.layer.') || type.startsWith('application/vnd.docker.');
}

const TAR_LAYER =
  /^application\/vnd\.(?:oci\.image\.layer\.(?:nondistributable\.)?v1\.tar(?:\+(?:gzip|zstd))?|docker\.image\.rootfs\.(?:foreign\.)?diff\.tar(?:\.(?:gzip|zstd))?)$/;

/**
 * Whether importers unpack a layer (containerd, images/mediatypes.go). They do not decrypt one of type `…+encrypted`
 * (containers/ocicrypt), and others are for snapshotters that read them in place.
 */
export function isTarLayerType(type: string): boolean {
  return TAR_LAYER.test(type);
}

/** Docker's layer with zstd, which containerd unpacks from 1.7 on. */
export function isDockerZstdType(type: string): boolean {
  return type.startsWith('application/vnd.docker.') && type.endsWith('.zstd');
}

/** Layers that a registry may lack, since they are fetched from other addresses (Windows bases). */
export function isForeignLayerType(type: string): boolean {
  return (
    type.includes('.nondistributable.') || type.startsWith('application/vnd.docker.image.rootfs.foreign.')
  );
}

/** Two names of at most 127 characters (RFC 6838, 4.2), and parameters, which some artifacts have. */
const MEDIA_TYPE = /^[A-Za-z0-9][\w!#$&^.+-]{0,126}\/[A-Za-z0-9][\w!#$&^.+-]{0,126}(?:;[ -~]{0,255})?$/;

/** Whether text has the form of a media type. */
export function isMediaType(text: string): boolean {
  return MEDIA_TYPE.test(text);
}

/** The type without parameters (`; charset=utf-8`) and in lower case, as headers have it. */
export function bareType(header: string): string {
  return (header.split(';')[0] ?? '').trim().toLowerCase();
}
