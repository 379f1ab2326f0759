import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';
import { unlessGone } from '../../files/index.ts';
import { isAlive, thisHost } from '../file-lock.ts';
import type { StorePlaces } from '../places.ts';
import { putBackAll } from './quarantine.ts';

/** A folder beside the store's blobs, on their file system, in which one run works; skopeo writes only there. */
export type RunFolder = Awaited<ReturnType<typeof createRunFolder>>;

/** How often a run shows that it lives, to those that cannot see its process: containers, other hosts. */
const BEAT_MILLISECONDS = 5 * 60_000;
/** After so long without a sign a run counts as dead; a machine that slept so long loses its unfinished work. */
const DEAD_MILLISECONDS = 6 * 60 * 60_000;

/** Makes this run's folder, and removes those whose runs were killed. */
export async function createRunFolder(places: StorePlaces) {
  await mkdir(places.runs, { recursive: true });
  await removeAbandoned(places);
  const name = `${await hostPrefix()}${process.pid}-${randomUUID().slice(0, 8)}`;
  const folder = path.join(places.runs, name);
  await mkdir(folder, { mode: 0o700 });
  const beat = (): void => {
    const now = new Date();
    // A beat that is missed is followed by the next one.
    utimes(folder, now, now).catch(() => {});
  };
  const timer = setInterval(beat, BEAT_MILLISECONDS).unref();
  return {
    name,
    folder,
    async remove(): Promise<void> {
      clearInterval(timer);
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
