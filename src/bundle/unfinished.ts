import { isAlive } from '../store/index.ts';

/** A file that a run writes until it is whole: `FILE.PID.part`. */
export interface Unfinished {
  /** The name that it is to have. */
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
