import { lstat, mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { OciSaveError, systemCodeOf } from '../../errors.ts';
import { exists, readBounded, unlessGone } from '../../files/index.ts';
import { jsonIn } from '../../text/json-in.ts';
import { besideOutput } from './beside-output.ts';
import { partNameOf, writeFileWhole } from '../write-file.ts';
import { hint, option } from '../../text/hint.ts';

/** The results of one run, complete under other names, and what they replace. */
export interface RunResults {
  /** Files that are whole under their part names of this process, in the order in which they take their final names. */
  readonly files: readonly string[];
  /** Files of an earlier run that this one does not write. */
  readonly stale: readonly string[];
  /** Whether the folder that was built beside the output takes its place. */
  readonly folder: boolean;
}

const recordSchema = z.strictObject({
  version: z.literal(1),
  pid: z.int().positive(),
  files: z.array(z.string()),
  stale: z.array(z.strictObject({ file: z.string(), stamp: z.string() })),
  folder: z.boolean(),
});
type PublishingRecord = z.infer<typeof recordSchema>;

/** No record is larger: an archive has at most a thousand files. */
const MAX_RECORD_BYTES = 4 * 1024 * 1024;

/**
 * Gives all results of a run their final names. The steps are recorded before: where the run is killed, the next one does
 * the rest (`finishPublishing`). For the holder of the output's lock.
 * @param record the file of that record: in the store, which belongs to its user, and never where a checkout could bring one
 * @param place the output's path, or the archive's without its suffix where no folder is wanted
 * @throws OciSaveError `local` where a folder has one of the names, before anything is changed; the error of the system
 */
export async function publishResults(record: string, place: string, results: RunResults): Promise<void> {
  const { files, folder } = results;
  await refuseFolders([...files, ...results.stale]);
  const stale: PublishingRecord['stale'] = [];
  for (const file of results.stale) {
    const stamp = await stampOf(file);
    if (stamp !== undefined) stale.push({ file, stamp });
  }
  const todo: PublishingRecord = { version: 1, pid: process.pid, files: [...files], stale, folder };
  await mkdir(path.dirname(record), { recursive: true, mode: 0o700 });
  await writeFileWhole(record, `${JSON.stringify(todo)}\n`);
  try {
    // First what may be refused for good, as where the output is a mount point: then nothing has changed.
    if (folder) await moveEarlier(place);
  } catch (error) {
    await rm(record, { force: true });
    throw error;
  }
  await act(place, todo, (part, file) => rename(part, file));
  await rm(record, { force: true });
}

/** Whether some results have their final names and others do not yet: the next run does the rest. */
export function isPublishing(record: string): Promise<boolean> {
  return exists(record);
}

/**
 * Gives the results of a killed run their final names, where it was killed while it did so.
 * @returns whether there was anything to do
 * @throws OciSaveError `machine` where it cannot be done
 */
export async function finishPublishing(record: string, place: string): Promise<boolean> {
  const bytes = await readBounded(record, MAX_RECORD_BYTES);
  const todo = bytes === undefined ? undefined : recordSchema.safeParse(jsonIn(bytes)).data;
  try {
    if (todo !== undefined) {
      if (todo.folder) await moveEarlier(place);
      await act(place, todo, async (part, file) => {
        await unlessGone(rename(part, file));
      });
    }
    await rm(record, { force: true });
    return todo !== undefined;
  } catch (cause) {
    throw new OciSaveError({
      code: 'machine',
      message: `the results of a run that was stopped cannot take their places at ${place} (${systemCodeOf(cause) ?? 'unknown'})`,
      hint: `See what is there; with ${record} removed, they are forgotten.`,
      cause,
    });
  }
}

/** Each step may have been done before. */
async function act(
  place: string,
  { pid, files, stale, folder }: PublishingRecord,
  take: (part: string, file: string) => Promise<void>,
): Promise<void> {
  // Old sums must not vouch for a mixture; the new ones come last.
  for (const file of files)
    if (file.endsWith('.sha256') && (await exists(partNameOf(file, pid)))) await rm(file, { force: true });
  for (const file of files) await take(partNameOf(file, pid), file);
  if (folder) await replaceFolder(place);
  // Last: without the lock that names it, the earlier folder would count as foreign. What another run wrote since stays.
  for (const { file, stamp } of stale) if ((await stampOf(file)) === stamp) await rm(file, { force: true });
}

/** Distinguishes a file from another one that took its name; undefined where there is no regular file. */
async function stampOf(file: string): Promise<string | undefined> {
  const stats = await unlessGone(lstat(file, { bigint: true }));
  return stats?.isFile() === true ? `${stats.ino} ${stats.size} ${stats.mtimeNs}` : undefined;
}

/** Renames the earlier folder at an output, where a new one is ready. */
async function moveEarlier(output: string): Promise<void> {
  if ((await exists(besideOutput(output, 'new'))) && (await exists(output)))
    await rename(output, besideOutput(output, 'old'));
}

/**
 * Puts the folder that was built beside an output at its path, and removes the one that it replaces. A run that is killed
 * after any of its three steps can be mended: see `openOutputFolder`.
 */
export async function replaceFolder(output: string): Promise<void> {
  const [old, staging] = [besideOutput(output, 'old'), besideOutput(output, 'new')];
  await moveEarlier(output);
  if (await exists(staging)) await rename(staging, output);
  await rm(old, { recursive: true, force: true });
}

/** Refuses to write files where a folder has one of their names. Throws `local`. */
export async function refuseFolders(files: readonly string[]): Promise<void> {
  for (const file of files) {
    if ((await unlessGone(lstat(file)))?.isDirectory() !== true) continue;
    throw new OciSaveError({
      code: 'local',
      message: `the archive could not be written: there is a folder at ${file}`,
      hint: hint`See what is there, or name another one with ${option('output')} or ${option('archiveName')}.`,
    });
  }
}
