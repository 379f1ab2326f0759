export { assetNameOf, checkAssetBase } from './release/asset-name.ts';
export { findRelease } from './release/find-release.ts';
export { createReleaseService, type ServiceOptions } from './release/octokit-service.ts';
export type { ReleasePolicy } from './release/plan.ts';
export { type ReleaseContent, releaseFiles } from './release/release-files.ts';
export {
  type FileStatus,
  MAX_FILE_BYTES,
  type SentFile,
  type SentRelease,
  sendRelease,
  type SendOptions,
} from './release/send-release.ts';
export type { Asset, Release, ReleaseService } from './release/service.ts';
export {
  type Environment,
  type ReleaseTarget,
  releaseTag,
  releaseTarget,
  type TargetOptions,
} from './release/target.ts';
export type { ReleaseFile } from './release/upload.ts';
