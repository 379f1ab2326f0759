import { appendFile, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { BigIntStats } from 'node:fs';
import { z } from 'zod';
import { systemCodeOf } from '../errors.ts';

/** What a blob's file looked like when its hash was found right. Not ctime: every hard link changes that. */
const lineSchema = z.strictObject({
  hex: z.string(),
  size: z.string(),
  mtime: z.string(),
  inode: z.string(),
});

export interface Journal {
  /** True where the file is still the one whose hash was found right. */
  vouches(hex: string, stats: BigIntStats): boolean;
  /** Notes that the file's hash was just found right. */
  note(hex: string, stats: BigIntStats): Promise<void>;
}

const FILE = 'journal.jsonl';
const stampOf = ({ size, mtimeNs, ino }: BigIntStats): string => `${size} ${mtimeNs} ${ino}`;

/**
 * The stamps of verified blobs, one JSON line each, appended: several runs write at once. A line that cannot be
 * read costs a hash, nothing else, so a torn one is passed over.
 */
export async function openJournal(folder: string): Promise<Journal> {
  const file = path.join(folder, FILE);
  const { stamps, lines } = await readStamps(file);
  if (lines > 2 * stamps.size + 1000) await compact(file, stamps);
  return {
    vouches: (hex, stats) => stamps.get(hex) === stampOf(stats),
    async note(hex, stats) {
      if (stamps.get(hex) === stampOf(stats)) return;
      stamps.set(hex, stampOf(stats));
      await appendFile(file, toLine(hex, stampOf(stats)));
    },
  };
}

function toLine(hex: string, stamp: string): string {
  const [size = '', mtime = '', inode = ''] = stamp.split(' ');
  return `${JSON.stringify({ hex, size, mtime, inode })}\n`;
}

async function readStamps(file: string): Promise<{ stamps: Map<string, string>; lines: number }> {
  const stamps = new Map<string, string>();
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return { stamps, lines: 0 };
    throw error;
  }
  const lines = text.split('\n');
  for (const line of lines) {
    const stamp = parseLine(line);
    if (stamp) stamps.set(stamp.hex, `${stamp.size} ${stamp.mtime} ${stamp.inode}`);
  }
  return { stamps, lines: lines.length };
}

function parseLine(line: string): z.infer<typeof lineSchema> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return lineSchema.safeParse(JSON.parse(line)).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Another run may append meanwhile; what it loses is hashed once more. */
async function compact(file: string, stamps: ReadonlyMap<string, string>): Promise<void> {
  const temporary = `${file}.${process.pid}`;
  await writeFile(temporary, [...stamps].map(([hex, stamp]) => toLine(hex, stamp)).join(''));
  await rename(temporary, file);
}
