import type { ByteCount, Outcome, SaveEvent, Stage } from '../../events.ts';
import { formatBytes, formatCount } from '../../text/bytes.ts';
import { formatSeconds } from '../../text/duration.ts';
import { plainLines, plainText } from '../../text/plain-text.ts';
import type { StageProgress } from './progress.ts';

export type LogEvent = Extract<SaveEvent, { type: 'log' }>;
export type PlanEvent = Extract<SaveEvent, { type: 'plan' }>;
export type StepEvent = Extract<SaveEvent, { type: 'step' }>;

interface StageWords {
  readonly doing: string;
  readonly did: string;
  readonly noun?: string;
  /** What is said about things that are already where they belong. */
  readonly here?: string;
}

const STAGES: Record<Stage, StageWords> = {
  list: { doing: 'Reading', did: 'Read', noun: 'list' },
  resolve: { doing: 'Resolving', did: 'Resolved', noun: 'image' },
  restore: { doing: 'Restoring from the cache', did: 'Restored from the cache', noun: 'pack' },
  copy: { doing: 'Copying', did: 'Copied', noun: 'image' },
  bundle: { doing: 'Building the bundle', did: 'Built the bundle' },
  archive: { doing: 'Writing the archive', did: 'Wrote the archive' },
  push: { doing: 'Pushing', did: 'Pushed', noun: 'image', here: 'already there' },
  compare: { doing: 'Comparing', did: 'Compared', noun: 'image', here: 'already there' },
  cache: { doing: 'Saving to the cache', did: 'Saved to the cache' },
  verify: { doing: 'Verifying', did: 'Verified', noun: 'blob' },
  measure: { doing: 'Hashing the archive', did: 'Hashed the archive' },
  release: { doing: 'Releasing', did: 'Released', noun: 'file', here: 'already there' },
};

/** `Resolving`, `Building the bundle`. */
export function stageName(stage: Stage): string {
  return STAGES[stage].doing;
}

/** `Resolving 100 images`, `Building the bundle`. */
export function stageStarted(stage: Stage, total: number | undefined): string {
  const { doing, noun } = STAGES[stage];
  if (noun === undefined) return doing;
  return `${doing} ${total === undefined ? `the ${noun}s` : formatCount(total, noun)}`;
}

/** `Resolved 99 of 100 images in 2.3 s, 1 failed`. */
export function stageFinished(state: StageProgress, now: number): string {
  const { did, noun } = STAGES[state.stage];
  const countless = state.total === undefined && state.done === 0;
  const what = noun === undefined ? did : `${did} ${countless ? `the ${noun}s` : counted(state, noun)}`;
  return [
    `${what} in ${formatSeconds((now - state.startedAt) / 1000)}`,
    ...(state.bytes > 0 ? [formatBytes(state.bytes)] : []),
    ...tally(state),
  ].join(', ');
}

/** `37 of 100 images, 12 already here, 1 failed`; empty where the stage counts nothing. */
export function stageTally(state: StageProgress): string {
  const { noun } = STAGES[state.stage];
  if (noun === undefined && state.total === undefined) return '';
  return [counted(state, noun), ...tally(state)].join(', ');
}

function counted({ total, done, failed }: StageProgress, noun: string | undefined): string {
  const name = (count: number): string => (noun === undefined ? String(count) : formatCount(count, noun));
  return total === undefined || (done === total && failed === 0) ? name(done) : `${done} of ${name(total)}`;
}

function tally({ stage, stored, failed }: StageProgress): string[] {
  const { here = 'already here' } = STAGES[stage];
  return [...(stored > 0 ? [`${stored} ${here}`] : []), ...(failed > 0 ? [`${failed} failed`] : [])];
}

/** `To fetch: 12 blobs, 120 MiB; already here: 30 blobs, 400 MiB`. */
export function planMade({ fetch, stored }: PlanEvent): string {
  return `To fetch: ${formatBlobs(fetch)}; already here: ${formatBlobs(stored)}`;
}

export function formatBlobs({ blobs, bytes }: ByteCount): string {
  return blobs === 0 ? 'nothing' : `${formatCount(blobs, 'blob')}, ${formatBytes(bytes)}`;
}

const VERBS: Record<Outcome, string> = {
  fetched: 'copied',
  'partly stored': 'copied',
  stored: 'stored',
  sent: 'sent',
  pushed: 'pushed',
  'to push': 'to push',
  kept: 'kept',
  done: 'done',
  failed: 'failed',
};

/** The word before an image's name. */
export function stepVerb({ stage, outcome }: StepEvent): string {
  if (['push', 'compare'].includes(stage) && outcome === 'stored') return 'unchanged';
  return VERBS[outcome];
}

/** What follows the name: the blobs that were fetched, and those that were here. */
export function stepDetail({ stage, outcome, fetched, stored }: StepEvent): string {
  if (outcome === 'stored') return STAGES[stage].here ?? 'already here';
  if (outcome === 'sent') return fetched === undefined ? '' : formatBytes(fetched.bytes);
  if (outcome === 'kept') return 'another digest stands there';
  if (outcome !== 'fetched' && outcome !== 'partly stored') return '';
  const here = stored !== undefined && stored.blobs > 0 ? `${formatBlobs(stored)} already here` : '';
  const vague = outcome === 'partly stored' && here === '' ? 'partly already here' : here;
  const brought = fetched === undefined ? '' : formatBlobs(fetched);
  return [brought, vague].filter((part) => part !== '').join('; ');
}

/** The message's lines, after the image's name where they do not say it themselves. */
export function logWords({ message, image }: LogEvent): string[] {
  const [first = '', ...rest] = plainLines(message);
  const name = image === undefined ? '' : plainText(image);
  const named = name === '' || [first, ...rest].some((line) => line.includes(name));
  return [named ? first : `${name}: ${first}`, ...rest];
}
