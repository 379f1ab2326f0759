import type { ByteCount, LogLevel, Outcome, SaveEvent, Stage } from '../../events.ts';
import { formatBytes, formatCount } from '../../text/bytes.ts';
import { placedWords, placeOf, placeWords } from '../../report/index.ts';
import { formatSeconds } from '../../text/duration.ts';
import { plainLines } from '../../text/plain-text.ts';
import type { Palette } from './paint.ts';
import type { Progress, StageProgress } from './progress.ts';

export type LogEvent = Extract<SaveEvent, { type: 'log' }>;
export type StepEvent = Extract<SaveEvent, { type: 'step' }>;

interface StageWords {
  readonly doing: string;
  readonly did: string;
  readonly noun?: string;
  /** What is printed for things that are already where they belong. */
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
function stageFinished(state: StageProgress, now: number): string {
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
  // Of a bundle that is verified, bytes are told, and no blobs are counted.
  const isCountless = noun === undefined || (state.stage === 'verify' && state.done + state.failed === 0);
  if (isCountless && state.total === undefined) return '';
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

/**
 * `To fetch: 12 blobs, 120 MiB; already here: 30 blobs, 400 MiB`: it counts as the total at the end, so what was fetched
 * to resolve the images is in it.
 */
export function planLine({ fetch, stored, ...event }: Extract<SaveEvent, { type: 'plan' }>): string {
  const { fetched = NOTHING, restored = NOTHING } = event;
  const all = { blobs: fetch.blobs + fetched.blobs, bytes: fetch.bytes + fetched.bytes };
  const cached = restored.blobs === 0 ? '' : `; from the cache: ${formatBlobs(restored)}`;
  return `To fetch: ${formatBlobs(all)}${cached}; already here: ${formatBlobs(stored)}`;
}

const NOTHING: ByteCount = { blobs: 0, bytes: 0 };

function formatBlobs({ blobs, bytes }: ByteCount): string {
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
function stepVerb({ stage, outcome }: StepEvent): string {
  if ((stage === 'push' || stage === 'compare') && outcome === 'stored') return 'unchanged';
  return VERBS[outcome];
}

/** What follows the name: the blobs that were fetched, and those that were here. */
function stepDetail({ stage, outcome, fetched, stored }: StepEvent): string {
  if (outcome === 'stored') return STAGES[stage].here ?? 'already here';
  if (outcome === 'sent') return fetched === undefined ? '' : formatBytes(fetched.bytes);
  if (outcome === 'kept') return 'it has another digest there';
  if (outcome !== 'fetched' && outcome !== 'partly stored') return '';
  const here = stored !== undefined && stored.blobs > 0 ? `${formatBlobs(stored)} already here` : '';
  const vague = outcome === 'partly stored' && here === '' ? 'partly already here' : here;
  const brought = fetched === undefined ? '' : formatBlobs(fetched);
  return [brought, vague].filter((part) => part !== '').join('; ');
}

/**
 * A message as lines, after the image's lines in the lists and its name. Warnings and errors begin with their level, since
 * colours may be off.
 */
export function logLines({ level, message, image, origins = [] }: LogEvent, palette: Palette): string[] {
  const [first = '', ...rest] = plainLines(message);
  const words = image === undefined ? first : placedWords({ ref: image, origins }, first);
  const lines = [levelHead(level, palette) + words, ...rest.map((line) => `  ${line}`)];
  return level === 'debug' ? lines.map(palette.faint) : lines;
}

export function levelHead(level: LogLevel, palette: Palette): string {
  if (level === 'error') return `${palette.bad('error:')} `;
  return level === 'warning' ? `${palette.warn('warning:')} ` : '';
}

/** `copied docker.io/library/x:1  3 blobs, 12.4 MiB` */
export function stepLine(event: StepEvent, palette: Palette): string {
  const paint = event.outcome === 'failed' ? palette.bad : palette.good;
  const detail = stepDetail(event);
  const { subject: ref, origins = [] } = event;
  const words = `${paint(stepVerb(event))} ${placeWords(placeOf({ ref, origins }))}`;
  return detail === '' ? words : `${words}  ${palette.faint(detail)}`;
}

/** The line that closes a stage when the next one starts. */
export function closingLines({ current }: Progress, now: number): string[] {
  return current === undefined ? [] : [stageFinished(current, now)];
}

/** The line that closes the last stage: only if the stage is complete, since a run may stop in the middle of it. */
export function stoppingLines(state: Progress, now: number): string[] {
  const { current } = state;
  const isComplete = current?.total !== undefined && current.done + current.failed >= current.total;
  return isComplete ? closingLines(state, now) : [];
}
