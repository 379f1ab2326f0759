export { copyBlobs, type CopyResult } from './copy.ts';
export { blobsOfImages, findMissingBlobs, type MissingBlobs } from './missing-blobs.ts';
export type { CopyContext } from './context.ts';
