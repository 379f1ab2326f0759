import { randomUUID } from 'node:crypto';
import { appendFile, rename, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { opening, readBounded } from '../../files/index.ts';
import { jsonIn } from '../../text/json-in.ts';

type Records = Iterable<readonly [key: string, value: string]>;

const lineSchema = z.strictObject({ key: z.string(), value: z.string() });

/**
 * Opens a file of texts by key that outlive a run, one JSON line each; a key's last line counts. Several runs append at
 * once, and a full disk or a kill may tear a line: it is skipped, and costs no other one.
 */
export async function openRecordFile(file: string) {
  const { records } = await read(file);
  const append = async (given: Records): Promise<void> => {
    const news = [...given];
    if (news.length === 0) return;
    // The line before may have no end.
    await opening(appendFile(file, `\n${toText(news)}`));
    for (const [key, value] of news) records.set(key, value);
  };
  return {
    get: (key: string): string | undefined => records.get(key),
    /** Adds records in one write, also those that were here when the file was opened: they may be forgotten since. */
    append,
    /** Adds those records that are not known, in one write. */
    set: (given: Records): Promise<void> =>
      append([...given].filter(([key, value]) => records.get(key) !== value)),
  };
}

/** The records of a file as they are now; none where there is no file. */
export async function readRecords(file: string): Promise<Map<string, string>> {
  return (await read(file)).records;
}

/** Replaces a file of records. What another run appends meanwhile is lost. */
export async function writeRecords(file: string, records: Records): Promise<void> {
  const temporary = `${file}.${randomUUID().slice(0, 8)}`;
  await writeFile(temporary, toText(records));
  await rename(temporary, file);
}

/**
 * Removes the records that are not `wanted` any more, and lines that later ones replace; leaves the file as it is where that
 * gains little. While nobody appends.
 */
export async function keepRecords(
  file: string,
  wanted: (key: string, value: string) => boolean,
): Promise<void> {
  const { records, lines } = await read(file);
  const kept = [...records].filter(([key, value]) => wanted(key, value));
  if (kept.length < records.size || lines > 2 * records.size + 1000) await writeRecords(file, kept);
}

function toText(records: Records): string {
  return [...records].map(([key, value]) => `${JSON.stringify({ key, value })}\n`).join('');
}

/** A million records stay below. */
const MAX_RECORDS_BYTES = 256 * 1024 * 1024;

async function read(file: string): Promise<{ records: Map<string, string>; lines: number }> {
  const bytes = await readBounded(file, MAX_RECORDS_BYTES);
  const lines = bytes?.toString('utf8').split('\n').filter(Boolean) ?? [];
  const records = new Map<string, string>();
  for (const line of lines) {
    const parsed = line.startsWith('{') ? lineSchema.safeParse(jsonIn(line)).data : undefined;
    if (parsed !== undefined) records.set(parsed.key, parsed.value);
  }
  return { records, lines: lines.length };
}
