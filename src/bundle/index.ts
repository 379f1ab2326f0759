export { type Manifests, readManifests } from './manifests.ts';
export { planTree, type BundleTree, type TreeFile, type View } from './tree.ts';
export { type BesideFolder, openOutputFolder, type OutputFolder } from './output-folder.ts';
export { lockBeside } from './beside-output.ts';
export {
  appear,
  type Appearance,
  APPEARING_FILE_KIND,
  appearingFile,
  finishAppearance,
  isAppearing,
  refuseFolders,
} from './appear.ts';
export { keepLockOfBundle } from './earlier-lock.ts';
export { type Foreign, refuseForeign } from './foreign.ts';
export { foreignAt } from './foreign-files.ts';
export { lookAtOutput } from './look-at-output.ts';
export { sumsIn } from './sums-in.ts';
export { type Unfinished, unfinishedOf } from './unfinished.ts';
export { buildBundle, bundleStands, lockFileOf, type WantedBundle } from './write-bundle.ts';
export { HOLDER_FILE_KIND, holderFile, lockOutput } from './output-lock.ts';
export { partNameOf, partOf, writeFileWhole, writePart } from './write-file.ts';
export { readLock } from './read-lock.ts';
export { viewsIn } from './views-in.ts';
export { type Bundle, lockFileIn, openBundle } from './open-bundle.ts';
