export {
  type ArchiveName,
  isPieceName,
  joinScriptName,
  partsListName,
  sumsName,
  wholeName,
} from './archive-name.ts';
export { checkArchiveName } from './check-name.ts';
export { bundleTar } from './bundle-tar.ts';
export { type ByteSource, joinSegments } from './byte-source.ts';
export { computeTar, type ComputedTar, type TarEntry } from './computed-tar.ts';
export { partSizeOf } from './cut.ts';
export { foreignArchiveFiles } from './foreign-files.ts';
export { type ArchivePiece, isSplit, type MeasuredArchive, measureArchive, piecesOf } from './measure.ts';
export { openArchive, type OpenArchive } from './open-archive.ts';
export { parsePartsList, type PartsList, partsListSchema } from './parts-list.ts';
export { MAX_SIDECAR_BYTES } from './read-sidecar.ts';
export { type Sidecar, sidecarsOf } from './sidecars.ts';
export { digestOfSums, sumsIn } from './sums.ts';
export { type ArchivePlace, discardParts, type PreparedArchive, prepareArchive } from './write-archive.ts';
