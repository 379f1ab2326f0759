export { assetNameOf, checkAssetBase } from './asset-name.ts';
export { findRelease } from './find-release.ts';
export { findReleased } from './find-released.ts';
export { createReleaseService } from './service/octokit-service.ts';
export type { ServiceOptions } from './service/service-options.ts';
export type { ReleasePolicy } from './plan.ts';
export { type ReleaseContent, releaseFiles } from './release-files.ts';
export { MAX_FILE_BYTES } from './forbidden.ts';
export type { FileStatus, SentFile, SentRelease } from './outcome.ts';
export type { SendOptions } from './send-options.ts';
export { sendRelease } from './send-release.ts';
export type { Asset, Release, ReleaseService } from './service/service.ts';
export {
  type Environment,
  type ReleaseTarget,
  releaseTag,
  releaseTarget,
  type TargetOptions,
} from './service/target.ts';
export type { ReleaseFile } from './service/upload.ts';
export { jobOf, type Writer, writerOf } from './writer.ts';
