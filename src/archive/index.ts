export {
  archiveNamed,
  type ArchiveName,
  checkArchiveName,
  isPieceName,
  joinScriptNames,
  namesBesideParts,
  partName,
  partsListName,
  sumsName,
  wholeName,
  withoutSuffix,
} from './archive-name.ts';
export { openOciArchive } from './oci-archive.ts';
export { openArchiveContent, openArchivePort } from './archive-content.ts';
export { bundleTar, computeTar, type TarEntry } from './tar.ts';
export { type ByteSource, fileSegment, joinSegments, seekableFile } from './byte-source.ts';
export { foreignArchiveFiles } from './foreign-files.ts';
export {
  type ArchivePiece,
  isSplit,
  type MeasuredArchive,
  measureArchive,
  partSizeOf,
  piecesOf,
} from './measure.ts';
export { lockOfArchive } from './lock-of-archive.ts';
export { openArchive, type OpenArchive } from './open-archive.ts';
export {
  digestOfSums,
  MAX_SIDECAR_BYTES,
  parsePartsList,
  type PartsList,
  partsListSchema,
  readSidecar,
} from './parts-list.ts';
export { readTar, type ReadEntry, type Seekable, TarFault } from './read-tar.ts';
export { type Sidecar, sidecarsOf } from './sidecars.ts';
export { type ArchivePlace, discardParts, type PreparedArchive, prepareArchive } from './write-archive.ts';
