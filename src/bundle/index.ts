export {
  type BundleTree,
  LOCK_FILE,
  planTree,
  REGISTRY_FOLDER,
  REGISTRY_SUMS_FILE,
  SUMS_FILE,
  sumsIn,
  type TreeFile,
  type View,
} from './tree.ts';
export { type BundleExplanation, explainBundle } from './output/bundle-explanation.ts';
export type { FileKind, FolderContent } from './output/folder-content.ts';
export { findForeign, type ForeignContent, parseLayoutEntries } from './output/foreign-content.ts';
export { openOutputFolder, type OutputFolder } from './output/output-folder.ts';
export { keepLockOfBundle, lockBeside } from './output/beside-output.ts';
export {
  publishResults,
  type RunResults,
  finishPublishing,
  isPublishing,
  refuseFolders,
} from './output/publish-results.ts';
export { type ForeignItem, foreignAt, refuseForeign } from './output/foreign.ts';
export { inspectOutput } from './output/inspect-output.ts';
export { partNameOf, partOf, unfinishedOf, writeFileWhole, writePart } from './write-file.ts';
export { buildBundle, isBundleUpToDate, lockFileOf, type WantedBundle } from './write-bundle.ts';
export { HOLDER_FILE_KIND, holderFile, lockOutput, type OutputLock } from './output/output-lock.ts';
export { type BundleBlobs, bundlePort } from './bundle-port.ts';
export { bundleInside, currentRelease } from './what-is-there.ts';
export { lockFileIn } from './lock-file.ts';
export { openBundle, openBundlePort, readLock, viewsIn } from './open-bundle.ts';
