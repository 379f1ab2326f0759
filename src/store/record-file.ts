import { appendFile, readFile, rename, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { systemCodeOf } from '../errors.ts';

const lineSchema = z.strictObject({ key: z.string(), value: z.string() });
type Line = z.infer<typeof lineSchema>;

/** Texts by key that outlive a run. */
export interface RecordFile {
  get(key: string): string | undefined;
  set(key: string, value: string): Promise<void>;
}

/**
 * Opens a file of records, one JSON line each; a key's last line counts. Several runs append at once, so a line may
 * be torn or lost: it is passed over, and whoever keeps records here has to do without any of them.
 */
export async function openRecordFile(file: string): Promise<RecordFile> {
  const { records, lines } = await readRecords(file);
  if (lines > 2 * records.size + 1000) await compact(file, records);
  return {
    get: (key) => records.get(key),
    async set(key, value) {
      if (records.get(key) === value) return;
      records.set(key, value);
      await appendFile(file, toText({ key, value }));
    },
  };
}

const toText = (line: Line): string => `${JSON.stringify(line)}\n`;

async function readRecords(file: string): Promise<{ records: Map<string, string>; lines: number }> {
  const records = new Map<string, string>();
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return { records, lines: 0 };
    throw error;
  }
  const lines = text.split('\n');
  for (const line of lines.map(parseLine)) if (line) records.set(line.key, line.value);
  return { records, lines: lines.length };
}

function parseLine(line: string): Line | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return lineSchema.safeParse(JSON.parse(line)).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Another run may append meanwhile: what it loses is a record. */
async function compact(file: string, records: ReadonlyMap<string, string>): Promise<void> {
  const temporary = `${file}.${process.pid}`;
  await writeFile(temporary, [...records].map(([key, value]) => toText({ key, value })).join(''));
  await rename(temporary, file);
}
