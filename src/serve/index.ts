export type { RequestEntry } from './exchange.ts';
export { findRegistryRoot } from './tree/folder-files.ts';
export {
  checkAddress,
  reachableAddress,
  serveRegistry,
  type RunningRegistry,
  type ServeOptions,
} from './server.ts';
export { listTags, type ServedTag } from './served-tags.ts';
export { compareInWalkOrder, isHiddenFolder, type OpenFile, type TreeFiles } from './tree/tree-files.ts';
