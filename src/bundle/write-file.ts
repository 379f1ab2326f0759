import { readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { isAlive } from '../store/index.ts';

/** Writes a file that is there whole or not at all. */
export async function writeFileWhole(file: string, content: Uint8Array | string): Promise<void> {
  const part = await partOf(file);
  try {
    await writeFile(part, content, { mode: 0o644 });
    await rename(part, file);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

/** Where `file` is written until it is whole. What killed runs on this host left of it is removed. */
export async function partOf(file: string): Promise<string> {
  const [folder, prefix] = [path.dirname(file), `${path.basename(file)}.`];
  for (const name of await readdir(folder)) {
    const pid = name.startsWith(prefix) ? /^(\d+)\.part$/.exec(name.slice(prefix.length))?.[1] : undefined;
    if (pid !== undefined && !isAlive(Number(pid))) await rm(path.join(folder, name), { force: true });
  }
  return `${file}.${process.pid}.part`;
}
