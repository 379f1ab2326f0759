import path from 'node:path';

/** The path of a file beside an output: `.<name>.<suffix>`. */
export function besideOutput(output: string, suffix: string): string {
  return path.join(path.dirname(output), `.${path.basename(output)}.${suffix}`);
}

/** The lock that names a bundle of one view: it stands beside the folder. */
export function lockBeside(output: string): string {
  return `${output}.lock.json`;
}

/** Where the lock beside the earlier bundle is kept until the new bundle and its lock stand: see `keepLock`. */
export function keptLock(output: string): string {
  return besideOutput(output, 'old.lock.json');
}
