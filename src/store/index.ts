export { type BlobPool, openStore, type Store, type StoreOptions } from './store.ts';
export type { BlobSize, BlobWriter } from './blob-writer.ts';
export { hashFile } from './hash-file.ts';
export { linkOrCopy, tryLink } from './link.ts';
export { diskError } from './disk-error.ts';
export { freeBytes } from './free-space.ts';
export { isAlive } from './run-folder.ts';
