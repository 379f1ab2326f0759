import type { BigIntStats } from 'node:fs';
import { openRecordFile } from './record-file.ts';

/** The stamp of each blob's file when its hash was found right. A record that is lost costs a hash. */
export type Journal = Awaited<ReturnType<typeof openJournal>>;

/** Not ctime: every hard link changes that. */
const stampOf = ({ size, mtimeNs, ino }: BigIntStats): string => `${size} ${mtimeNs} ${ino}`;

/** Opens the stamps of verified blobs, in `journal.jsonl`. */
export async function openJournal(file: string) {
  const stamps = await openRecordFile(file);
  return {
    /** True where the file is still the one whose hash was found right. */
    vouches: (hex: string, stats: BigIntStats): boolean => stamps.get(hex) === stampOf(stats),
    /** Records that the hashes of these files were just found right, in one write. */
    note: (found: Iterable<readonly [hex: string, stats: BigIntStats]>): Promise<void> =>
      stamps.set([...found].map(([hex, stats]) => [hex, stampOf(stats)])),
    /** The bytes that the file had then; undefined where that is not recorded. */
    sizeOf(hex: string): number | undefined {
      const stamp = stamps.get(hex);
      return stamp === undefined ? undefined : Number.parseInt(stamp, 10);
    },
  };
}
