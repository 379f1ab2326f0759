export { exists, isFile, isFolder } from './kind.ts';
export { readBounded } from './read-bounded.ts';
export { readRange } from './read-range.ts';
export { unlessGone } from './unless-gone.ts';
