export { save, type SaveResult } from './save/save.ts';
export type { SaveIo } from './save/run.ts';
export { placesOf } from './save/places.ts';
export { pushBundle, type PushBundleOptions, type PushIo } from './push.ts';
export { releaseContent } from './release.ts';
