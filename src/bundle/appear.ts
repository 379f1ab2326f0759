import { lstat, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { OciSaveError, systemCodeOf } from '../errors.ts';
import type { OwnFileKind } from '../own-file-kind.ts';
import { exists, unlessGone } from '../files/index.ts';
import { besideOutput } from './beside-output.ts';
import { partNameOf, writeFileWhole } from './write-file.ts';

/** The results of one run, whole under other names: what takes which name, and what of an earlier run goes. */
export interface Appearance {
  /** Files that are whole under their part names of this process, in the order in which they take their own. */
  readonly files: readonly string[];
  /** Files of an earlier run that this one does not write. */
  readonly stale: readonly string[];
  /** Whether the folder that was built beside the output takes its place. */
  readonly folder: boolean;
}

/** Names are relative to the record's folder. */
const recordSchema = z.strictObject({
  version: z.literal(1),
  pid: z.int().positive(),
  files: z.array(z.string()),
  stale: z.array(z.string()),
  folder: z.boolean(),
});
type AppearanceRecord = z.infer<typeof recordSchema>;

/** No record is larger: an archive has at most a thousand files. */
const MAX_RECORD_BYTES = 1024 * 1024;

/** How the record is told. It may be cut off where a power failure came. */
export const APPEARING_FILE_KIND: OwnFileKind = {
  noun: 'a record of results that were to appear',
  matches: (bytes) => bytes.toString('utf8').startsWith('{"version":'),
};

/** Where the record stands while results appear at `place`. */
export function appearingFile(place: string): string {
  return besideOutput(place, 'appearing');
}

/**
 * Lets all results of a run take their names. What is to be done is written down before, beside the output: where the
 * run is killed in the midst, the next one does the rest (`finishAppearance`). `place` is the output's path, or the
 * archive's without its suffix where no folder is wanted. To be called by the holder of the output's lock.
 * @throws OciSaveError `local` where a folder stands at a name, before anything is changed; what the file system says
 */
export async function appear(place: string, appearance: Appearance): Promise<void> {
  await refuseFolders([...appearance.files, ...appearance.stale]);
  const relative = (file: string): string => path.relative(path.dirname(place), file);
  const record: AppearanceRecord = {
    version: 1,
    pid: process.pid,
    files: appearance.files.map(relative),
    stale: appearance.stale.map(relative),
    folder: appearance.folder,
  };
  const file = appearingFile(place);
  await writeFileWhole(file, `${JSON.stringify(record)}\n`);
  await act(place, record);
  await rm(file, { force: true });
}

/** Whether results have begun to appear at `place`, and not all of them have: the next run does the rest. */
export function isAppearing(place: string): Promise<boolean> {
  return exists(appearingFile(place));
}

/**
 * Does the rest of what a killed run had begun to let appear, if there is any. The record is a stranger's: a file that is
 * not ours is left alone, whatever the record says.
 * @returns whether there was anything to do
 * @throws OciSaveError `machine` where it cannot be done
 */
export async function finishAppearance(
  place: string,
  isOurs: (file: string) => Promise<boolean>,
): Promise<boolean> {
  const file = appearingFile(place);
  const record = await readRecord(file);
  if (record === undefined) return false;
  const ours = async (names: readonly string[]): Promise<string[]> => {
    const kept: string[] = [];
    for (const name of names) if (await isOurs(path.resolve(path.dirname(place), name))) kept.push(name);
    return kept;
  };
  try {
    await act(place, { ...record, files: await ours(record.files), stale: await ours(record.stale) });
    await rm(file, { force: true });
    return true;
  } catch (cause) {
    throw new OciSaveError({
      code: 'machine',
      message: `the results of a run that was stopped cannot take their places at ${place} (${systemCodeOf(cause) ?? 'unknown'})`,
      hint: `Look at what stands there; with ${file} removed, they are forgotten.`,
      cause,
    });
  }
}

/** Each step may have been done before. */
async function act(place: string, { pid, files, stale, folder }: AppearanceRecord): Promise<void> {
  const at = (name: string): string => path.resolve(path.dirname(place), name);
  // Old sums never vouch for a mixture; the new ones come last.
  for (const name of files) {
    const isSums = name.endsWith('.sha256') && (await exists(partNameOf(at(name), pid)));
    if (isSums) await rm(at(name), { force: true });
  }
  for (const name of files) await unlessGone(rename(partNameOf(at(name), pid), at(name)));
  if (folder) await replaceFolder(place);
  // Last: without the lock that names it, the earlier folder would be somebody else's.
  for (const name of stale) await rm(at(name), { force: true });
}

/**
 * Puts the folder that was built beside an output at its path, and removes the one that it replaces. Three steps, from
 * each of which a killed run can be mended: see `openOutputFolder`.
 */
export async function replaceFolder(output: string): Promise<void> {
  const [old, staging] = [besideOutput(output, 'old'), besideOutput(output, 'new')];
  if (await exists(staging)) {
    if (await exists(output)) await rename(output, old);
    await rename(staging, output);
  }
  await rm(old, { recursive: true, force: true });
}

async function readRecord(file: string): Promise<AppearanceRecord | undefined> {
  const stats = await unlessGone(lstat(file));
  if (stats?.isFile() !== true || stats.size > MAX_RECORD_BYTES) return undefined;
  const own = process.getuid?.();
  if (own !== undefined && stats.uid !== own) return undefined;
  return parseRecord(await readFile(file, 'utf8'));
}

function parseRecord(text: string): AppearanceRecord | undefined {
  try {
    return recordSchema.safeParse(JSON.parse(text)).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/**
 * Files are to stand at these names.
 * @throws OciSaveError `local` where a folder stands at one of them
 */
export async function refuseFolders(files: readonly string[]): Promise<void> {
  for (const file of files) {
    if ((await unlessGone(lstat(file)))?.isDirectory() === true) throw inTheWay(file);
  }
}

function inTheWay(file: string): OciSaveError {
  return new OciSaveError({
    code: 'local',
    message: `the archive could not be written: a folder stands at ${file}`,
    hint: 'Look at what stands there, or name another one with --output or --archive-name.',
  });
}
