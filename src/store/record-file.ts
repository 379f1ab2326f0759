import { randomUUID } from 'node:crypto';
import { appendFile, readFile, rename, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { unlessGone } from '../files/index.ts';
import { jsonIn } from '../text/json-in.ts';

const lineSchema = z.strictObject({ key: z.string(), value: z.string() });
type Line = z.infer<typeof lineSchema>;

/** Texts by key that outlive a run. */
export interface RecordFile {
  get(key: string): string | undefined;
  set(key: string, value: string): Promise<void>;
  /** The same for many, in one write. */
  setAll(records: Iterable<readonly [key: string, value: string]>): Promise<void>;
}

/**
 * Opens a file of records, one JSON line each; a key's last line counts. Several runs append at once, so a line may
 * be torn or lost: it is passed over, and whoever keeps records here has to do without any of them.
 */
export async function openRecordFile(file: string): Promise<RecordFile> {
  const { records, lines } = await read(file);
  if (lines > 2 * records.size + 1000) await writeRecords(file, records);
  const setAll: RecordFile['setAll'] = async (given) => {
    const news = [...given].filter(([key, value]) => records.get(key) !== value);
    if (news.length === 0) return;
    for (const [key, value] of news) records.set(key, value);
    await appendFile(file, toText(news));
  };
  return {
    get: (key) => records.get(key),
    set: (key, value) => setAll([[key, value]]),
    setAll,
  };
}

/** The records of a file as they are now; none where there is no file. */
export async function readRecords(file: string): Promise<Map<string, string>> {
  return (await read(file)).records;
}

/** Writes a file of records anew. Another run may append meanwhile: what it loses is a record. */
export async function writeRecords(
  file: string,
  records: Iterable<readonly [string, string]>,
): Promise<void> {
  const temporary = `${file}.${randomUUID().slice(0, 8)}`;
  await writeFile(temporary, toText([...records]));
  await rename(temporary, file);
}

/** Writes a file of records anew without those that are not `wanted` any more; leaves it where all are. */
export async function keepRecords(
  file: string,
  wanted: (key: string, value: string) => boolean,
): Promise<void> {
  const records = await readRecords(file);
  const kept = [...records].filter(([key, value]) => wanted(key, value));
  if (kept.length < records.size) await writeRecords(file, kept);
}

function toText(records: readonly (readonly [string, string])[]): string {
  return records.map(([key, value]) => `${JSON.stringify({ key, value } satisfies Line)}\n`).join('');
}

async function read(file: string): Promise<{ records: Map<string, string>; lines: number }> {
  const records = new Map<string, string>();
  const text = await unlessGone(readFile(file, 'utf8'));
  if (text === undefined) return { records, lines: 0 };
  const lines = text.split('\n');
  for (const line of lines.map(parseLine)) if (line) records.set(line.key, line.value);
  return { records, lines: lines.length };
}

function parseLine(line: string): Line | undefined {
  return line.startsWith('{') ? lineSchema.safeParse(jsonIn(line)).data : undefined;
}
