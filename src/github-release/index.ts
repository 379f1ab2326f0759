export { assetNameOf, checkAssetBase, type ReleaseContent, releaseFiles } from './release-files.ts';
export { findRelease } from './draft/find-release.ts';
export { findReleased } from './find-released.ts';
export { createReleaseService } from './service/github.ts';
export type { FileStatus, ReleasePolicy, SentFile, SentRelease } from './plan.ts';
export { MAX_FILE_BYTES } from './forbidden.ts';
export type { SendOptions } from './send-options.ts';
export { sendRelease } from './send-release.ts';
export type { Asset, Release, ReleaseService, ServiceOptions } from './service/service.ts';
export {
  type Environment,
  releaseTag,
  type ReleaseTarget,
  releaseTarget,
  type TargetOptions,
} from './service/target.ts';
export type { ReleaseFile } from './service/upload.ts';
export { jobOf, type Writer, writerOf } from './draft/writer.ts';
