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
