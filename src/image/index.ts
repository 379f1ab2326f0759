export type { BlobRange, ContentSource, ManifestBytes, ManifestClaim, WantedBlob } from './content-source.ts';
export { registrySource } from './registry-source.ts';
export { type Layout, nameOfEntry, openLayout } from './layout-source.ts';
export { bringBlob, type BringOptions } from './bring-blob.ts';
