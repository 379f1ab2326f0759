import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { unlessGone } from '../../files/index.ts';
import { beatOn, DEAD_MILLISECONDS, isAlive, thisHost } from '../file-lock.ts';
import type { StorePlaces } from '../places.ts';
import { putBackAll } from './quarantine.ts';

/** A folder beside the store's blobs, on their file system, in which one run works; skopeo writes only there. */
export type RunFolder = Awaited<ReturnType<typeof createRunFolder>>;

/** Makes this run's folder, and removes those whose runs were killed. */
export async function createRunFolder(places: StorePlaces) {
  await mkdir(places.runs, { recursive: true });
  await removeAbandoned(places);
  const name = `${await hostPrefix()}${process.pid}-${randomUUID().slice(0, 8)}`;
  const folder = path.join(places.runs, name);
  await mkdir(folder, { mode: 0o700 });
  const stopBeating = beatOn(folder);
  return {
    name,
    folder,
    async remove(): Promise<void> {
      stopBeating();
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/** The names of the live runs. */
export async function liveRuns({ runs }: StorePlaces): Promise<string[]> {
  const prefix = await hostPrefix();
  const names = (await unlessGone(readdir(runs))) ?? [];
  const abandoned = await Promise.all(names.map((name) => isAbandoned(path.join(runs, name), prefix)));
  return names.filter((_, at) => abandoned[at] === false);
}

async function removeAbandoned({ runs, blobs }: StorePlaces): Promise<void> {
  const prefix = await hostPrefix();
  for (const name of await readdir(runs)) {
    const folder = path.join(runs, name);
    if (!(await isAbandoned(folder, prefix))) continue;
    await putBackAll(folder, blobs);
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** The host is part of the name: containers that share a store do not share process numbers. */
async function hostPrefix(): Promise<string> {
  const { host, namespace } = await thisHost();
  return `${host.replaceAll(/[^A-Za-z0-9.]/g, '_')}${namespace === undefined ? '' : `.${namespace}`}-`;
}

async function isAbandoned(folder: string, ownPrefix: string): Promise<boolean> {
  const name = path.basename(folder);
  const pid = name.startsWith(ownPrefix)
    ? /^(\d+)-[0-9a-f]{8}$/.exec(name.slice(ownPrefix.length))?.[1]
    : undefined;
  if (pid !== undefined && !isAlive(Number(pid))) return true;
  const stats = await unlessGone(stat(folder));
  return stats !== undefined && Date.now() - stats.mtimeMs > DEAD_MILLISECONDS;
}
