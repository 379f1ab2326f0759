import { type ArchiveName, type ByteSource, type MeasuredArchive, sidecarsOf } from '../archive/index.ts';
import { OciSaveError } from '../errors.ts';
import { encodeLock, type Lock } from '../lock/index.ts';
import { digestOf } from '../oci/digest.ts';
import { hint, option } from '../text/hint.ts';
import type { ReleaseFile } from './service/upload.ts';

export interface ReleaseContent {
  readonly archive: MeasuredArchive;
  readonly source: ByteSource;
  readonly lock: Lock;
  /** `report.html`. */
  readonly page: string;
  /** `report.json`, if there is one. */
  readonly report: string | undefined;
}

/**
 * The files of a release, in the order in which they are sent: the archive or its parts, each read from the source when it
 * is sent, then the files beside them.
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

/** The files that follow from an archive and its lock. */
export function filesBeside(archive: MeasuredArchive, lock: Lock, page: string): ReleaseFile[] {
  return [
    ...sidecarsOf(archive).map(({ name, text }) => inMemory(name, text)),
    inMemory(lockName(archive.name), encodeLock(lock)),
    inMemory(pageName(archive.name), page),
  ];
}

/** A small file of a release, from memory. */
export function inMemory(name: string, content: string | Uint8Array, record = false): ReleaseFile {
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

/** GitHub renames assets with other characters, and those that start or end with a period; several in a row are not tried. */
const UNCHANGED = /^[A-Za-z0-9_-](?:[A-Za-z0-9._-]*[A-Za-z0-9_-])?$/;
const MAX_CHARACTERS = 200;

/** A text, such as a tag with a slash, as the start of names that GitHub does not change. */
export function assetNameOf(text: string): string {
  const plain = text.replaceAll(/[^A-Za-z0-9._-]+/g, '-').replaceAll(/\.{2,}/g, '.');
  return plain.slice(0, MAX_CHARACTERS).replaceAll(/^\.|\.$/g, '') || 'bundle';
}

/** Throws `usage` where GitHub would rename assets whose names start with `base`. */
export function checkAssetBase(base: string): void {
  if (UNCHANGED.test(base) && !base.includes('..') && base.length <= MAX_CHARACTERS) return;
  throw new OciSaveError({
    code: 'usage',
    message: `a release's files cannot be named '${base}': GitHub would rename them`,
    hint: hint`Name the archive with letters, digits, periods, hyphens and underscores: ${option('archiveName')}.`,
  });
}
