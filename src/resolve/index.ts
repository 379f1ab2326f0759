export { joinRequests, refOf, type WantedImage } from './wanted.ts';
export { resolveImages, type FailedImage, type Resolution, type ResolveContext } from './resolve.ts';
export type { ResolvedImage } from './describe.ts';
export type { ResolveOptions } from './resolve-image.ts';
export type { LocalTools } from './archive-image.ts';
