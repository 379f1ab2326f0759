export { type Manifests, readManifests } from './manifests.ts';
export { planTree, type BundleTree, type TreeFile, type View } from './tree.ts';
export { openOutputFolder, type OutputFolder } from './output-folder.ts';
export { writeBundle } from './write-bundle.ts';
export { partOf, writeFileWhole } from './write-file.ts';
export { readLock } from './read-lock.ts';
export { viewsIn } from './views-in.ts';
export { type Bundle, lockFileIn, openBundle } from './open-bundle.ts';
