import { OciSaveError } from '../errors.ts';
import type { Emit } from '../events.ts';
import type { SaveOptions } from '../options/index.ts';
import { save, type SaveIo, type SaveResult } from '../commands/index.ts';
import { imagesVerdict, judge, pushVerdict } from '../report/index.ts';
import { STOPPED } from '../runtime/index.ts';
import type { CallerOptions } from './options.ts';

/**
 * Runs the engine for a caller's code.
 * @throws FailedSaveError where images failed and `onError` is not `warn`, or the result could not be written;
 *   otherwise OciSaveError
 */
export async function runSave(
  options: SaveOptions,
  { onEvent, signal, env = process.env }: CallerOptions,
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

/** The engine throws the reason of its signal: callers abort with any reason, and get our one error. */
function stopperOf(signal: AbortSignal | undefined): Stopper {
  const controller = new AbortController();
  let faulty: OciSaveError | undefined;
  const stop = (): void =>
    controller.abort(new OciSaveError({ code: 'interrupted', message: STOPPED, cause: signal?.reason }));
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

/** An exception in the middle of a stage would look like a failed image, or end the process. */
function guarded(onEvent: CallerOptions['onEvent'], stop: Stopper): Emit {
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

const SHOWN = 10;

/**
 * A run in which images failed, whose folder could not be written, or whose release failed. `report.failed` has every
 * failed image with class, message and hint, `report.error` why the folder could not be written, `report.release` the
 * release. What succeeded stays in the store, so that the next run continues from there. `code` is the class of the
 * error, or of the first failure.
 */
export class FailedSaveError extends OciSaveError {
  readonly report: SaveResult['report'];
  /** The images that are complete. */
  readonly lock: SaveResult['lock'];

  constructor({ report, lock }: SaveResult) {
    const verdict = judge(report);
    const { fault, targets, release } = verdict;
    const failed = [...report.failed, ...(report.push ?? []).flatMap((target) => target.failed)];
    const [first] = failed;
    const shown = failed.slice(0, SHOWN).map(({ ref, message }) => `${ref}: ${message}`);
    super({
      code: fault?.class ?? first?.class ?? release?.failure.class ?? 'local',
      message: [
        ...(fault === undefined ? [] : [fault.message]),
        ...(verdict.failed > 0 ? [imagesVerdict(verdict)] : []),
        ...(targets.length > 0 ? [pushVerdict(verdict)] : []),
        ...shown,
        ...(failed.length > SHOWN ? [`and ${failed.length - SHOWN} more`] : []),
        ...(release === undefined ? [] : [`release ${release.tag} failed: ${release.failure.message}`]),
      ].join('\n'),
      hint: fault?.hint ?? first?.hint ?? release?.failure.hint,
    });
    this.report = report;
    this.lock = lock;
  }
}
