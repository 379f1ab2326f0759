import pLimit from 'p-limit';
import { isPieceName, sumsName } from '../archive/index.ts';
import type { ReleasePlan, Step } from './plan.ts';
import type { SendOptions } from './send-options.ts';
import type { Release } from './service/service.ts';
import { takeStep } from './take-step.ts';

/** More gain nothing on one line, and each holds some megabytes. */
const PARALLEL = 2;

/**
 * Pieces first, two at once; then what is stale goes; what else there is follows, one by one, and the sums come when all
 * the rest is there: they vouch for it.
 */
export async function takeSteps(
  release: Release,
  { steps, stale }: ReleasePlan,
  options: SendOptions,
): Promise<void> {
  const { service, archive, retries, emit, signal } = options;
  const onBytes = (delta: number): void => emit({ type: 'bytes', stage: 'release', delta });
  const take = async (step: Step): Promise<void> => {
    signal?.throwIfAborted();
    const file = options.files.find(({ name }) => name === step.file.name);
    if (file === undefined) return;
    await takeStep(step, file, { service, release, retries, onBytes, signal });
    const { name: subject, size } = file;
    const sent = bytesOf(step) > 0;
    emit({
      type: 'step',
      stage: 'release',
      subject,
      outcome: sent ? 'sent' : 'stored',
      ...(sent ? { fetched: { blobs: 1, bytes: size } } : {}),
    });
  };
  const isPiece = ({ file }: Step): boolean => isPieceName(archive, file.name);
  await inParallel(steps.filter(isPiece), take);
  for (const asset of stale) await service.remove(asset);
  const others = steps.filter((step) => !isPiece(step));
  const isLast = ({ file }: Step): boolean => file.name === sumsName(archive);
  for (const step of [...others.filter((one) => !isLast(one)), ...others.filter(isLast)]) await take(step);
}

/** After a failure nothing new begins, and what is under way ends before it is told. */
async function inParallel<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const limit = pLimit(PARALLEL);
  let failed = false;
  const results = await Promise.allSettled(
    all.map((one) =>
      limit(async () => {
        if (failed) return;
        try {
          await work(one);
        } catch (error) {
          failed = true;
          throw error;
        }
      }),
    ),
  );
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

/** Bytes that a step sends. */
export function bytesOf({ action, file }: Step): number {
  return action === 'send' || action === 'replace' ? file.size : 0;
}
