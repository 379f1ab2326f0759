import { OciSaveError } from '../errors.ts';
import type { Emit } from '../events.ts';
import type { SaveOptions } from '../options/index.ts';
import { save, type SaveIo, type SaveResult } from '../commands/index.ts';
import { FailedSaveError } from './failed-save.ts';
import type { Face } from './options.ts';

/**
 * Runs the engine for a caller's code.
 * @throws FailedSaveError where images failed and the run was not told to go on, or its result could not be written;
 *   OciSaveError else
 */
export async function runSave(
  options: SaveOptions,
  { onEvent, signal, env = process.env }: Face,
  io: Pick<SaveIo, 'lists' | 'credentials' | 'lockOnly'> = {},
): Promise<SaveResult> {
  const stop = stopperOf(signal);
  try {
    const result = await save(options, { ...io, env, emit: guarded(onEvent, stop), signal: stop.signal });
    stop.throwIfFaulty();
    if (result.report.outcome === 'failed') throw new FailedSaveError(result);
    return result;
  } finally {
    stop.release();
  }
}

interface Stopper {
  readonly signal: AbortSignal;
  /** Ends the run for a fault of the caller's own code. */
  fault(error: OciSaveError): void;
  throwIfFaulty(): void;
  release(): void;
}

/** The engine throws the reason of its signal: callers abort with reasons of their own, and get our one error. */
function stopperOf(signal: AbortSignal | undefined): Stopper {
  const controller = new AbortController();
  let faulty: OciSaveError | undefined;
  const stop = (): void =>
    controller.abort(
      new OciSaveError({
        code: 'interrupted',
        message: 'stopped; what was fetched stays in the store, and no half bundle is left',
        cause: signal?.reason,
      }),
    );
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted === true) stop();
  return {
    signal: controller.signal,
    fault(error) {
      faulty ??= error;
      controller.abort(error);
    },
    throwIfFaulty() {
      if (faulty) throw faulty;
    },
    release: () => signal?.removeEventListener('abort', stop),
  };
}

/** An exception in the middle of a stage would pass for a failed image, or end the process. */
function guarded(onEvent: Face['onEvent'], stop: Stopper): Emit {
  return (event) => {
    try {
      onEvent?.(event);
    } catch (cause) {
      stop.fault(
        new OciSaveError({ code: 'local', message: 'onEvent threw, so the run was stopped', cause }),
      );
    }
  };
}
