export { fixedDigest, joinRequests, missingFrom, refOf, repositoryOf, type WantedImage } from './wanted.ts';
export { failImages, resolveImages, type FailedImage, type Resolution } from './resolve.ts';
export type { ResolveContext } from './context.ts';
export { lockedImageOf, lockedRef, lockOf, type ResolvedImage } from './describe.ts';
export type { ReferrersChoice } from './referrers.ts';
