import { randomUUID } from 'node:crypto';
import { readFile, readlink, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import { systemCodeOf } from '../errors.ts';
import { readBounded, unlessGone } from '../files/index.ts';
import { jsonIn } from '../text/json-in.ts';

const holderSchema = z.object({
  host: z.string(),
  /** Of process numbers: containers may share a host's name, and never its numbers. Only Linux has it. */
  namespace: z.string().optional(),
  pid: z.int(),
  /** When that process started, in ticks since the host did: another one may have the number later. Only Linux has it. */
  start: z.string().optional(),
});

/** The process that holds a lock. */
export type Holder = z.infer<typeof holderSchema>;

/** Where a process number means something. */
type HostId = Pick<Holder, 'host' | 'namespace'>;

export interface FileLock {
  /** Whether no other process took it over. */
  isHeld(): Promise<boolean>;
  release(): Promise<void>;
}

/** How often a run shows that it lives, to those that cannot see its process: containers, other hosts. */
const BEAT_MILLISECONDS = 5 * 60_000;

/** After so long without a sign a run counts as dead; a machine that slept so long loses its unfinished work. */
export const DEAD_MILLISECONDS = 6 * 60 * 60_000;

/** Renews the time of a run's file or folder while it works. Returns a function that ends it. */
export function beatOn(place: string): () => void {
  const beat = (): void => {
    const now = new Date();
    // A beat that is missed is followed by the next one.
    utimes(place, now, now).catch(() => {});
  };
  const timer = setInterval(beat, BEAT_MILLISECONDS).unref();
  return () => clearInterval(timer);
}

/** How long a lock may be without a holder: the time between creating its file and writing it. */
const [HOLDERLESS_LOOKS, HOLDERLESS_MILLISECONDS] = [20, 25];

/**
 * Takes a lock by creating its file, or says who holds it: `holder` is undefined where the file does not say it. The lock
 * of a process that has ended on this host is taken over, and so is any that is older than `staleMilliseconds`, unless
 * its process is seen to live. Throws the error of the system.
 */
export async function takeFileLock(
  file: string,
  staleMilliseconds = Number.POSITIVE_INFINITY,
): Promise<FileLock | { readonly holder: Holder | undefined }> {
  const own: Holder = { ...(await thisHost()), pid: process.pid, start: await startOf(process.pid) };
  let tookOver = false;
  for (let looks = 1; ; looks += 1) {
    try {
      await writeFile(file, JSON.stringify(own), { flag: 'wx' });
      return { isHeld: () => isHeldBy(file, own), release: () => release(file, own) };
    } catch (error) {
      if (systemCodeOf(error) !== 'EEXIST') throw error;
      const holder = await readHolder(file);
      const life = holder === undefined ? 'unknown' : await lifeOf(holder, own);
      const stale = (await ageOf(file)) > staleMilliseconds && life !== 'lives';
      if (holder === undefined && !stale && looks < HOLDERLESS_LOOKS) {
        await setTimeout(HOLDERLESS_MILLISECONDS);
      } else if (!tookOver && (stale || holder === undefined || life === 'ended')) {
        await removeAbandoned(file, holder);
        tookOver = true;
      } else {
        return { holder };
      }
    }
  }
}

/** A lock that another process took over as stale is not removed. */
async function release(file: string, own: Holder): Promise<void> {
  if (await isHeldBy(file, own)) await rm(file, { force: true });
}

async function isHeldBy(file: string, own: Holder): Promise<boolean> {
  return isSame(await readHolder(file), own);
}

const isSame = (one: Holder | undefined, other: Holder | undefined): boolean =>
  one?.pid === other?.pid &&
  one?.host === other?.host &&
  one?.namespace === other?.namespace &&
  one?.start === other?.start;

/** Whether a live process holds the lock, or one that died has left it. */
export async function lockState(file: string, staleMilliseconds: number): Promise<'free' | 'held' | 'left'> {
  const age = await ageOf(file);
  if (Number.isNaN(age)) return 'free';
  if (age > staleMilliseconds) return 'left';
  const holder = await readHolder(file);
  return holder !== undefined && (await lifeOf(holder, await thisHost())) === 'ended' ? 'left' : 'held';
}

/** What is seen of a lock's process from here. `unknown` where it is elsewhere, or its number may be another one's now. */
async function lifeOf(
  { host, namespace, pid, start }: Holder,
  here: HostId,
): Promise<'lives' | 'ended' | 'unknown'> {
  if (host !== here.host || (namespace ?? here.namespace) !== here.namespace) return 'unknown';
  if (!isAlive(pid)) return 'ended';
  const now = await startOf(pid);
  if (start === undefined || now === undefined) return 'unknown';
  return now === start ? 'lives' : 'ended';
}

/** Field 22 of proc(5)'s stat; the name before it may have anything in it. */
async function startOf(pid: number): Promise<string | undefined> {
  if (process.platform !== 'linux') return undefined;
  try {
    const fields = await readFile(`/proc/${pid}/stat`, 'latin1');
    return fields.slice(fields.lastIndexOf(')') + 2).split(' ')[19];
  } catch (error) {
    // It ended just now, or belongs to another user, and this one may not see it.
    if (systemCodeOf(error) === undefined) throw error;
    return undefined;
  }
}

/** Milliseconds since the lock was taken; not a number where it is not held. */
async function ageOf(file: string): Promise<number> {
  const stats = await unlessGone(stat(file));
  return stats === undefined ? Number.NaN : Date.now() - stats.mtimeMs;
}

/** Removes a lock, unless another process took it since it was read: two may find one abandoned at once. */
async function removeAbandoned(file: string, seen: Holder | undefined): Promise<void> {
  const moved = `${file}.${randomUUID().slice(0, 8)}`;
  if ((await unlessGone(rename(file, moved).then(() => true))) === undefined) return;
  if (isSame(await readHolder(moved), seen)) await rm(moved, { force: true });
  else await rename(moved, file);
}

/** A host's name, a namespace and a number. */
const MAX_HOLDER_BYTES = 64 * 1024;

async function readHolder(file: string): Promise<Holder | undefined> {
  return holderSchema.safeParse(jsonIn(await readBounded(file, MAX_HOLDER_BYTES))).data;
}

/** This host, by the names that its other processes use too. */
export async function thisHost(): Promise<HostId> {
  return { host: hostname(), namespace: await pidNamespace() };
}

async function pidNamespace(): Promise<string | undefined> {
  try {
    return /\d+/.exec(await readlink('/proc/self/ns/pid'))?.[0];
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error;
    return undefined;
  }
}

/** Whether a process of that number runs on this host, ours or another user's. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCodeOf(error) === 'EPERM';
  }
}
