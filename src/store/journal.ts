import type { BigIntStats } from 'node:fs';
import path from 'node:path';
import { openRecordFile } from './record-file.ts';

/** What each blob's file looked like when its hash was found right. A record that is lost costs a hash. */
export interface Journal {
  /** True where the file is still the one whose hash was found right. */
  vouches(hex: string, stats: BigIntStats): boolean;
  /** Notes that the file's hash was just found right. */
  note(hex: string, stats: BigIntStats): Promise<void>;
}

/** Not ctime: every hard link changes that. */
const stampOf = ({ size, mtimeNs, ino }: BigIntStats): string => `${size} ${mtimeNs} ${ino}`;

/** The stamps of verified blobs, in `journal.jsonl`. */
export async function openJournal(folder: string): Promise<Journal> {
  const stamps = await openRecordFile(path.join(folder, 'journal.jsonl'));
  return {
    vouches: (hex, stats) => stamps.get(hex) === stampOf(stats),
    note: (hex, stats) => stamps.set(hex, stampOf(stats)),
  };
}
