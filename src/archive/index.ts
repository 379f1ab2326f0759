export { computeTar, type ComputedTar, type TarEntry } from './computed-tar.ts';
export { bundleTar } from './bundle-tar.ts';
export { writeArchive, type WrittenArchive } from './write-archive.ts';
