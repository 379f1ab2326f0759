import path from 'node:path';
import { OciSaveError, systemCodeOf } from '../errors.ts';
import type { FileManner } from '../file-manner.ts';
import { type FileLock, type Holder, takeFileLock } from '../store/index.ts';

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

/** How the file is told that `lockOutput` makes: empty at first, then the process that holds it. */
export const HOLDER_MANNER: FileManner = {
  called: 'the lock of a run',
  tell: (bytes) => bytes.toString('utf8').startsWith('{"host":'),
};

/**
 * Takes the right to replace one output: two runs on it at once would each take the other's away. Throws `machine`
 * where another run that lives holds it.
 */
export async function lockOutput(output: string): Promise<FileLock> {
  const file = besideOutput(output, 'lock');
  const taken = await takeFileLock(file).catch((cause: unknown) => {
    throw cannotWrite(output, cause);
  });
  if ('release' in taken) return taken;
  throw new OciSaveError({
    code: 'machine',
    message: `another run writes to ${output}${words(taken.holder)}`,
    hint: `Wait for it, or name another output. If no such run lives, remove ${file}.`,
  });
}

const words = (holder: Holder | undefined): string =>
  holder === undefined ? '' : ` (process ${holder.pid} on ${holder.host})`;

/** The error for an output folder whose parent cannot be written. */
export function cannotWrite(output: string, cause: unknown): OciSaveError {
  return new OciSaveError({
    code: 'machine',
    message: `nothing can be written at ${output} (${systemCodeOf(cause) ?? 'unknown'})`,
    hint: 'Name another folder with --output.',
    cause,
  });
}
