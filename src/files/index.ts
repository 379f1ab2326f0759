export { type Boundary, isInCheckout, isInside, liesInside, realPlaceOf } from './boundary.ts';
export { COMPRESSOR_BYTES, compressorOf } from './compressor.ts';
export { exists, isFile, isFolder, unlessGone } from './kind.ts';
export { mountPointsAt } from './mount-points.ts';
export { opening } from './open-files.ts';
export { openRegular, openRegularFile, openSized, OUTSIDE } from './open-regular.ts';
export { readBounded, readChunks, readRange, readStart } from './read.ts';
export { removeEmpty } from './remove-empty.ts';
export { whyForeign } from './why-foreign.ts';
