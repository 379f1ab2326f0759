import pLimit from 'p-limit';
import { isPieceName, sumsName } from '../archive/index.ts';
import { withRetries } from '../http/index.ts';
import { interimName, type ReleasePlan, type Step } from './plan.ts';
import type { SendOptions } from './send-options.ts';
import { saysNameIsTaken } from './service/refusal.ts';
import type { Asset, Release } from './service/service.ts';
import { type ReleaseFile, type UploadContext, uploadFile } from './service/upload.ts';

/** More are not faster over one connection to the internet, and each needs some megabytes of memory. */
const PARALLEL = 2;

/**
 * Pieces first, two at once; then stale files are removed; the other files follow, one by one, and the sums last, when all
 * that they vouch for is there.
 */
export async function takeSteps(
  release: Release,
  { steps, stale }: ReleasePlan,
  options: SendOptions,
): Promise<void> {
  const { service, archive, retry, emit, signal } = options;
  const onBytes = (delta: number): void => emit({ type: 'bytes', stage: 'release', delta });
  const take = async (step: Step): Promise<void> => {
    signal?.throwIfAborted();
    const file = options.files.find(({ name }) => name === step.file.name);
    if (file === undefined) return;
    await takeStep(step, file, { service, release, retry, onBytes, signal });
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
  const {
    pieces = [],
    sums = [],
    others = [],
  } = Object.groupBy(steps, ({ file: { name } }) => {
    if (isPieceName(archive, name)) return 'pieces';
    return name === sumsName(archive) ? 'sums' : 'others';
  });
  await inParallel(pieces, take);
  for (const asset of stale) await service.remove(asset);
  for (const step of [...others, ...sums]) await take(step);
}

/** After a failure nothing new starts, and what is under way ends before the error is thrown. */
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

/** Carries out the plan of one file. */
async function takeStep(step: Step, file: ReleaseFile, context: UploadContext): Promise<void> {
  const { service } = context;
  switch (step.action) {
    case 'none':
      return;
    case 'send':
      if (step.broken !== undefined) await service.remove(step.broken);
      await uploadFile(file, file.name, context);
      return;
    case 'rename':
      return moveIntoPlace(step.sent, step.old, file.name, context);
    case 'replace': {
      if (step.broken !== undefined) await service.remove(step.broken);
      const sent = await uploadFile(file, interimName(file.name), context);
      return moveIntoPlace(sent, step.old, file.name, context);
    }
  }
}

/** The old file is removed only now that the new one is there. */
async function moveIntoPlace(
  sent: Asset,
  old: Asset | undefined,
  name: string,
  { service, retry, signal }: UploadContext,
): Promise<void> {
  if (old !== undefined) await service.remove(old);
  // For a moment a name counts as taken although its asset is gone.
  await withRetries(() => service.rename(sent, name), retry, { signal, may: saysNameIsTaken });
}
