import type { BigIntStats } from 'node:fs';
import { keepRecords, openRecordFile } from './record-file.ts';

/** What each blob's file looked like when its hash was found right. A record that is lost costs a hash. */
export interface Journal {
  /** True where the file is still the one whose hash was found right. */
  vouches(hex: string, stats: BigIntStats): boolean;
  /** Notes that the file's hash was just found right. */
  note(hex: string, stats: BigIntStats): Promise<void>;
  /** The same of many, in one write. */
  noteAll(found: Iterable<readonly [hex: string, stats: BigIntStats]>): Promise<void>;
  /** The bytes that the file had then; undefined where that is not recorded. */
  sizeOf(hex: string): number | undefined;
}

/** Not ctime: every hard link changes that. */
const stampOf = ({ size, mtimeNs, ino }: BigIntStats): string => `${size} ${mtimeNs} ${ino}`;

/** The stamps of verified blobs, in `journal.jsonl`. */
export async function openJournal(file: string): Promise<Journal> {
  const stamps = await openRecordFile(file);
  return {
    vouches: (hex, stats) => stamps.get(hex) === stampOf(stats),
    note: (hex, stats) => stamps.set(hex, stampOf(stats)),
    noteAll: (found) => stamps.setAll([...found].map(([hex, stats]) => [hex, stampOf(stats)])),
    sizeOf(hex) {
      const stamp = stamps.get(hex);
      return stamp === undefined ? undefined : Number.parseInt(stamp, 10);
    },
  };
}

/** Forgets blobs that are gone. */
export function forgetStamps(file: string, gone: ReadonlySet<string>): Promise<void> {
  return keepRecords(file, (hex) => !gone.has(hex));
}
