export { idleOptions } from './save/idle-options.ts';
export { listInputs, save } from './save/save.ts';
export type { SaveIo, SaveResult } from './save/run.ts';
export { StoppedSaveError } from './save/stopped.ts';
export { placesOf, type Results } from './save/places.ts';
export { pushBundle, type PushBundleOptions, type PushIo } from './push.ts';
export { releaseContent } from './release.ts';
export { verifyBundle, type VerifyIo, type VerifyBundleOptions, type VerifyReport } from './verify/verify.ts';
export { unpackBundle, type UnpackIo, type UnpackOptions, type UnpackReport } from './unpack/unpack.ts';
