export { type Boundary, isInCheckout, liesInside } from './boundary.ts';
export { exists, isFile, isFolder, unlessGone } from './kind.ts';
export { openRegular, openRegularFile, OUTSIDE } from './open-regular.ts';
export { readBounded, readRange, readStart } from './read.ts';
export { whyForeign } from './why-foreign.ts';
