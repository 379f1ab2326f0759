import type { ArchiveName, ByteSource, MeasuredArchive } from '../archive/index.ts';
import { sidecarsOf } from '../archive/index.ts';
import { encodeLock, type Lock } from '../lock/index.ts';
import { digestOf } from '../oci/digest.ts';
import type { ReleaseFile } from './service/upload.ts';

export interface ReleaseContent {
  readonly archive: MeasuredArchive;
  readonly source: ByteSource;
  readonly lock: Lock;
  /** `report.html`. */
  readonly page: string;
  /** `report.json`; undefined where nobody has one. */
  readonly report: string | undefined;
}

/**
 * The files of a release, in the order in which they are sent: the archive or its parts, each read from the source when it
 * is sent, then what stands beside them.
 */
export function releaseFiles({ archive, source, lock, page, report }: ReleaseContent): ReleaseFile[] {
  const pieces = archive.pieces.map(({ name, size, digest, start, end }): ReleaseFile => ({
    name,
    size,
    digest,
    record: false,
    open: () => source.read(start, end),
  }));
  const record = report === undefined ? [] : [inMemory(recordName(archive.name), report, true)];
  return [...pieces, ...filesBeside(archive, lock, page), ...record];
}

export const lockName = ({ base }: ArchiveName): string => `${base}.lock.json`;
export const pageName = ({ base }: ArchiveName): string => `${base}.report.html`;
export const recordName = ({ base }: ArchiveName): string => `${base}.report.json`;

/** What follows from an archive and its lock. */
export function filesBeside(archive: MeasuredArchive, lock: Lock, page: string): ReleaseFile[] {
  return [
    ...sidecarsOf(archive).map(({ name, text }) => inMemory(name, text)),
    inMemory(lockName(archive.name), encodeLock(lock)),
    inMemory(pageName(archive.name), page),
  ];
}

function inMemory(name: string, content: string | Uint8Array, record = false): ReleaseFile {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  return {
    name,
    size: bytes.length,
    digest: digestOf(bytes),
    record,
    // oxlint-disable-next-line typescript/require-await -- a source of bytes, as those that read files
    async *open() {
      yield bytes;
    },
  };
}
