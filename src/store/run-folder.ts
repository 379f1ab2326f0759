import { mkdir, readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { randomUUID } from 'node:crypto';
import { systemCodeOf } from '../errors.ts';

/** A folder beside the store's blobs, on their file system, in which one run works; skopeo writes only there. */
export interface RunFolder {
  readonly folder: string;
  remove(): Promise<void>;
}

const RUNS = 'runs';

/** The host is part of the name: containers that share a store do not share process numbers. */
const hostPrefix = (): string => `${hostname().replaceAll(/[^A-Za-z0-9.]/g, '_')}-`;

/** Makes this run's folder, and removes those whose runs were killed on this host. */
export async function createRunFolder(storeFolder: string): Promise<RunFolder> {
  const runs = path.join(storeFolder, RUNS);
  await mkdir(runs, { recursive: true });
  await removeAbandoned(runs);
  const folder = path.join(runs, `${hostPrefix()}${process.pid}-${randomUUID().slice(0, 8)}`);
  await mkdir(folder, { mode: 0o700 });
  return { folder, remove: () => rm(folder, { recursive: true, force: true, maxRetries: 3 }) };
}

async function removeAbandoned(runs: string): Promise<void> {
  for (const name of await readdir(runs)) {
    if (!name.startsWith(hostPrefix())) continue;
    const pid = /^(\d+)-[0-9a-f]{8}$/.exec(name.slice(hostPrefix().length))?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) {
      await rm(path.join(runs, name), { recursive: true, force: true, maxRetries: 3 });
    }
  }
}

/** Whether a process of that number runs on this host, ours or somebody else's. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCodeOf(error) === 'EPERM';
  }
}
