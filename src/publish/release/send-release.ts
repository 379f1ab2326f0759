import pLimit from 'p-limit';
import { isPieceName, sumsName } from '../../archive/index.ts';
import { OciSaveError } from '../../errors.ts';
import { comparePlan } from './compare.ts';
import { findOrCreateRelease, findRelease } from './find-release.ts';
import { refuseForbidden } from './forbidden.ts';
import { isOurs } from './notes.ts';
import { outcomeOf, type SentRelease } from './outcome.ts';
import type { ReleasePlan, Step } from './plan.ts';
import { publishDraft } from './publish-draft.ts';
import { readBack } from './read-back.ts';
import type { SendOptions } from './send-options.ts';
import type { Asset, Release } from './service.ts';
import { takeStep } from './take-step.ts';
import { unfinishedBeside } from './unfinished.ts';

/** More gain nothing on one line, and each holds some megabytes. */
const PARALLEL = 2;

/**
 * Brings files into a release: what is there with the same digest is not sent again, everything is read back, and a
 * draft of ours is published when all of it is there. A run that is repeated goes on where the last one stopped.
 * @throws OciSaveError; before anything is sent for what the policy, an immutable release or a limit forbids
 */
export async function sendRelease(options: SendOptions): Promise<SentRelease> {
  const { service, tag, dryRun, emit } = options;
  const release = await (dryRun ? findRelease(service, tag) : findOrCreateRelease(service, tag));
  const { present, plan } = await comparePlan(release, options);
  refuseForbidden(release, plan, present, options);
  if (release === undefined || dryRun) return outcomeOf(release, plan, options);
  if (!release.draft && !options.complete) {
    emit({
      type: 'log',
      level: 'warning',
      message: `release ${tag} is published, and gets a bundle that lacks images`,
    });
  }
  const bytes = plan.steps.reduce((sum, step) => sum + bytesOf(step), 0);
  emit({ type: 'stage', stage: 'release', total: plan.steps.length, bytes });
  await takeSteps(release, plan, options);
  const there = await readBack(release, plan, options);
  // A person may have edited the draft meanwhile, or another job may have published it.
  const now = release.draft && isOurs(release.body) ? await stillThere(release, options) : release;
  const why = whyDraft(now, there, options);
  const ended = now.draft && why === undefined ? await publishDraft(now, options) : now;
  if (ended.draft && why !== undefined)
    emit({ type: 'log', level: 'info', message: `release ${tag} stays a draft, ${why}` });
  return outcomeOf(ended, plan, options);
}

async function stillThere(release: Release, { service, tag }: SendOptions): Promise<Release> {
  const now = await service.reread(release);
  if (now !== undefined) return now;
  throw new OciSaveError({
    code: 'unsupported',
    message: `the draft of release ${tag} is gone, though files were sent to it: ${release.url}`,
    hint: 'Somebody removed it meanwhile. Run it again.',
  });
}

/** Why a draft that holds what was sent stays one, in words; undefined where it is to be published. */
function whyDraft(
  { body }: Release,
  there: readonly Asset[],
  { archive, complete }: SendOptions,
): string | undefined {
  if (!isOurs(body)) return 'as it was';
  if (!complete) return 'because images are missing';
  const others = unfinishedBeside(there, archive);
  if (others.length === 0) return undefined;
  return `because another archive in it is not whole yet, ${others.join(', ')}: the run that sends it publishes both`;
}

/**
 * Pieces first, two at once; then what is stale goes; what else there is follows, one by one, and the sums come when all
 * the rest is there: they vouch for it.
 */
async function takeSteps(
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

function bytesOf({ action, file }: Step): number {
  return action === 'send' || action === 'replace' ? file.size : 0;
}
