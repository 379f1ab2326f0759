export {
  type BlobRange,
  type LocalPort,
  type ManifestBytes,
  type ManifestClaim,
  missingManifest,
  openRange,
  type ReadPort,
  REF_NAME,
  type WantedBlob,
} from './read-port.ts';
export type { Content, Image, Manifests, StoredManifest } from './image.ts';
export { readContent } from './content.ts';
export { manifestsOf, readManifests } from './manifests.ts';
export { createManifestReader, type ManifestReader } from './manifest-reader.ts';
export { narrow, type Narrowed } from './narrow.ts';
export { heldFirst } from './held-first.ts';
export { offlinePort } from './offline-port.ts';
export { storePort } from './store-port.ts';
export { registryPort } from './registry-port.ts';
export { type Layout, layoutOf, nameOfEntry, openLayout } from './layout-port.ts';
export { type Dir, openDir } from './dir-port.ts';
export { bringBlob, type BringOptions } from './bring-blob.ts';
