import { readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { systemCodeOf } from '../errors.ts';

/** Where a process number means something. */
export interface HostId {
  readonly host: string;
  /** Of process numbers: containers may share a host's name, and never its numbers. Linux alone tells it. */
  readonly namespace?: string | undefined;
}

/** This host, as other processes on it name it too. */
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

/** Whether a process of that number runs on this host, ours or somebody else's. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCodeOf(error) === 'EPERM';
  }
}
