import type { OwnFileKind } from '../../text/own-file-kind.ts';
import { OciSaveError, systemCodeOf } from '../../errors.ts';
import { beatOn, DEAD_MILLISECONDS, type FileLock, takeFileLock } from '../../store/index.ts';
import { besideOutput } from './beside-output.ts';
import { hint, option } from '../../text/hint.ts';

/** The lock file of an output. */
export function holderFile(output: string): string {
  return besideOutput(output, 'lock');
}

/** How to recognise a file of `lockOutput`: empty at first, then it names the process that holds the lock. */
export const HOLDER_FILE_KIND: OwnFileKind = {
  noun: 'the lock of a run',
  matches: (bytes) => bytes.toString('utf8').startsWith('{"host":'),
};

/** The right to write to an output, until it is released. */
export interface OutputLock extends FileLock {
  /** @throws OciSaveError `machine` where another run has taken the lock over, as after a long sleep of the machine */
  check(): Promise<void>;
}

/**
 * Locks an output: two runs on it at once would each remove the other's content. The lock of a run that was killed in
 * another container, whose processes cannot be seen, is taken over when it has shown no sign for long. Throws `machine` where another live run
 * holds the lock.
 */
export async function lockOutput(output: string): Promise<OutputLock> {
  const file = holderFile(output);
  const taken = await takeFileLock(file, DEAD_MILLISECONDS).catch((cause: unknown) => {
    throw cannotWrite(output, cause);
  });
  if ('release' in taken) {
    const stopBeating = beatOn(file);
    return {
      ...taken,
      async check() {
        if (await taken.isHeld()) return;
        throw new OciSaveError({
          code: 'machine',
          message: `another run has taken over the lock of ${output}: this one showed no sign for six hours, or its lock was removed`,
          hint: 'Nothing of this run was published there. Run it again: what was fetched stays.',
        });
      },
      async release() {
        stopBeating();
        await taken.release();
      },
    };
  }
  const { holder } = taken;
  const by = holder === undefined ? '' : ` (process ${holder.pid} on ${holder.host})`;
  throw new OciSaveError({
    code: 'machine',
    message: `another run writes to ${output}${by}`,
    hint: `Wait for it, or name another output. If no such run lives, remove ${file}: after six hours without a sign of it, the next run does so.`,
  });
}

/** The error for an output folder whose parent cannot be written. */
export function cannotWrite(output: string, cause: unknown): OciSaveError {
  return new OciSaveError({
    code: 'machine',
    message: `nothing can be written at ${output} (${systemCodeOf(cause) ?? 'unknown'})`,
    hint: hint`Name another folder with ${option('output')}.`,
    cause,
  });
}
