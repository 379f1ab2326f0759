import { randomUUID } from 'node:crypto';
import { appendFile, rename, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { readBounded } from '../files/index.ts';
import { jsonIn } from '../text/json-in.ts';

type Records = Iterable<readonly [key: string, value: string]>;

const lineSchema = z.strictObject({ key: z.string(), value: z.string() });

/**
 * Opens a file of texts by key that outlive a run, one JSON line each; a key's last line counts. Several runs append at
 * once, so a line may be torn or lost: it is skipped, and no reader may depend on a line.
 */
export async function openRecordFile(file: string) {
  const { records, lines } = await read(file);
  if (lines > 2 * records.size + 1000) await writeRecords(file, records);
  return {
    get: (key: string): string | undefined => records.get(key),
    /** Adds records in one write. */
    async set(given: Records): Promise<void> {
      const news = [...given].filter(([key, value]) => records.get(key) !== value);
      if (news.length === 0) return;
      await appendFile(file, toText(news));
      for (const [key, value] of news) records.set(key, value);
    },
  };
}

/** The records of a file as they are now; none where there is no file. */
export async function readRecords(file: string): Promise<Map<string, string>> {
  return (await read(file)).records;
}

/** Replaces a file of records. Another run may append meanwhile: what it loses is a record. */
export async function writeRecords(file: string, records: Records): Promise<void> {
  const temporary = `${file}.${randomUUID().slice(0, 8)}`;
  await writeFile(temporary, toText(records));
  await rename(temporary, file);
}

/** Removes the records that are not `wanted` any more; leaves the file as it is where all are. */
export async function keepRecords(
  file: string,
  wanted: (key: string, value: string) => boolean,
): Promise<void> {
  const records = await readRecords(file);
  const kept = [...records].filter(([key, value]) => wanted(key, value));
  if (kept.length < records.size) await writeRecords(file, kept);
}

function toText(records: Records): string {
  return [...records].map(([key, value]) => `${JSON.stringify({ key, value })}\n`).join('');
}

/** A million records stay below. */
const MAX_RECORDS_BYTES = 256 * 1024 * 1024;

async function read(file: string): Promise<{ records: Map<string, string>; lines: number }> {
  const bytes = await readBounded(file, MAX_RECORDS_BYTES);
  const lines = bytes?.toString('utf8').split('\n') ?? [];
  const records = new Map<string, string>();
  for (const line of lines) {
    const parsed = line.startsWith('{') ? lineSchema.safeParse(jsonIn(line)).data : undefined;
    if (parsed !== undefined) records.set(parsed.key, parsed.value);
  }
  return { records, lines: lines.length };
}
