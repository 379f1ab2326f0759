export { type Boundary, isInCheckout, liesInside } from './boundary.ts';
export { exists, isFile, isFolder } from './kind.ts';
export { type NotRead, openRegular, openRegularFile, OUTSIDE } from './open-regular.ts';
export { readBounded } from './read-bounded.ts';
export { readRange } from './read-range.ts';
export { type FileStart, readStart } from './read-start.ts';
export { unlessGone } from './unless-gone.ts';
export { whyForeign } from './why-foreign.ts';
