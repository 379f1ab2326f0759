import { lstat, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { unlessGone } from '../files/index.ts';
import { isAlive } from '../store/index.ts';

/** Writes a file atomically: it is there whole or not at all. */
export async function writeFileWhole(file: string, content: Uint8Array | string): Promise<void> {
  try {
    await rename(await writePart(file, content), file);
  } catch (error) {
    await rm(partNameOf(file), { force: true });
    throw error;
  }
}

/** Writes what a file will be, under the name that it has until then; returns that name. */
export async function writePart(file: string, content: Uint8Array | string): Promise<string> {
  const part = await partOf(file);
  await writeFile(part, content, { mode: 0o644, flag: 'wx' });
  return part;
}

/** Where a process writes `file` until it is whole. */
export function partNameOf(file: string, pid: number = process.pid): string {
  return `${file}.${pid}.part`;
}

/**
 * The same, for this process. The parts that killed runs on this host left are removed, also one of this process's number.
 * The file must be opened so that an existing one is an error (`wx`): a link would lead elsewhere.
 */
export async function partOf(file: string): Promise<string> {
  const folder = path.dirname(file);
  for (const name of await readdir(folder)) {
    const unfinished = unfinishedOf(name);
    if (unfinished?.file !== path.basename(file) || unfinished.isAtWork) continue;
    const stats = await unlessGone(lstat(path.join(folder, name)));
    if (stats?.isFile() === true) await rm(path.join(folder, name), { force: true });
  }
  return partNameOf(file);
}

/** A file that a run writes until it is whole: `FILE.PID.part`. */
export interface Unfinished {
  /** The name that it will have. */
  readonly file: string;
  readonly pid: number;
  /** Whether another process of that number lives. */
  readonly isAtWork: boolean;
}

/** What the name of an unfinished file says; undefined for any other name. */
export function unfinishedOf(name: string): Unfinished | undefined {
  const [, file, digits] = /^(.+)\.(\d+)\.part$/.exec(name) ?? [];
  if (file === undefined || digits === undefined) return undefined;
  const pid = Number(digits);
  return { file, pid, isAtWork: pid !== process.pid && isAlive(pid) };
}
