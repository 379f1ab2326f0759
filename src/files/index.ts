export { exists, isFile, isFolder } from './kind.ts';
export { readBounded } from './read-bounded.ts';
export { unlessGone } from './unless-gone.ts';
