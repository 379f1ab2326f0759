export type { BlobRange, ContentSource, ManifestBytes, ManifestClaim, WantedBlob } from './content-source.ts';
export type { Content, Image, Manifests, StoredManifest } from './image.ts';
export { manifestBytes, readContent } from './content.ts';
export { manifestsOf, readManifests } from './manifests.ts';
export { createManifestReader, type ManifestReader } from './manifest-reader.ts';
export { registrySource } from './registry-source.ts';
export { type Layout, nameOfEntry, openLayout } from './layout-source.ts';
export { bringBlob, type BringOptions } from './bring-blob.ts';
