export { assetNameOf, checkAssetBase } from './release/asset-name.ts';
export { findRelease } from './release/find-release.ts';
export { findReleased } from './release/find-released.ts';
export { createReleaseService } from './release/octokit-service.ts';
export type { ServiceOptions } from './release/service-options.ts';
export type { ReleasePolicy } from './release/plan.ts';
export { type ReleaseContent, releaseFiles } from './release/release-files.ts';
export { MAX_FILE_BYTES } from './release/forbidden.ts';
export type { FileStatus, SentFile, SentRelease } from './release/outcome.ts';
export type { SendOptions } from './release/send-options.ts';
export { sendRelease } from './release/send-release.ts';
export type { Asset, Release, ReleaseService } from './release/service.ts';
export {
  type Environment,
  type ReleaseTarget,
  releaseTag,
  releaseTarget,
  type TargetOptions,
} from './release/target.ts';
export type { ReleaseFile } from './release/upload.ts';
export { jobOf, type Writer, writerOf } from './release/writer.ts';
