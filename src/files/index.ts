export { exists, isFile, isFolder } from './kind.ts';
export { readBounded } from './read-bounded.ts';
export { type FileStart, readStart } from './read-start.ts';
export { unlessGone } from './unless-gone.ts';
export { whyForeign } from './why-foreign.ts';
