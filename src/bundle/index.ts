export { type BundleTree, planTree, sumsIn, type TreeFile, type View } from './tree.ts';
export { openOutputFolder, type OutputFolder } from './output/output-folder.ts';
export { keepLockOfBundle, lockBeside } from './output/beside-output.ts';
export { appear, type Appearance, finishAppearance, isAppearing, refuseFolders } from './output/appear.ts';
export { type Foreign, foreignAt, refuseForeign } from './output/foreign.ts';
export { lookAtOutput } from './output/look-at-output.ts';
export {
  partNameOf,
  partOf,
  type Unfinished,
  unfinishedOf,
  writeFileWhole,
  writePart,
} from './write-file.ts';
export { buildBundle, bundleStands, lockFileOf, type WantedBundle } from './write-bundle.ts';
export { HOLDER_FILE_KIND, holderFile, lockOutput } from './output/output-lock.ts';
export { type Bundle, lockFileIn, openBundle, readLock, viewsIn } from './open-bundle.ts';
