import { readdirSync, readFileSync } from 'node:fs';

/** The process numbers of the programs that a process has started. */
export function childrenOf(pid: number | undefined): { pid: number; name: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const [, program = '', parent] =
          /^\d+ \((.*)\) \S (\d+)/.exec(readFileSync(`/proc/${name}/stat`, 'utf8')) ?? [];
        return Number(parent) === pid ? [{ pid: Number(name), name: program }] : [];
      } catch {
        // It ended while we looked.
        return [];
      }
    });
}

/** Whether a process runs; not as a dead one whose parent has not asked how it ended. */
export function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
