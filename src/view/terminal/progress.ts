import type { ByteCount, SaveEvent, Stage } from '../../events.ts';

/** The rate is taken over five seconds: long enough to be steady, short enough to be current. */
const RATE_WINDOW_MS = 5000;
const SAMPLE_MS = 250;
/** A copy has some dozens of images in flight at most; messages about more are not kept. */
const MAX_ACTIVE = 64;

export interface StageProgress {
  readonly stage: Stage;
  readonly startedAt: number;
  /** How many things the stage has to do, where it said so. */
  readonly total?: number | undefined;
  /** How many bytes the stage has to move, where it said so. */
  readonly wanted?: number | undefined;
  readonly done: number;
  /** Of `done`: nothing had to be fetched. */
  readonly stored: number;
  readonly failed: number;
  readonly bytes: number;
}

/** An image that is being worked on, and the last message about it. */
export interface ActiveImage {
  readonly image: string;
  readonly message: string;
}

interface Sample {
  readonly at: number;
  readonly bytes: number;
}

/** All that a view of a running save needs. Times are the caller's milliseconds. */
export interface Progress {
  readonly now: number;
  readonly current?: StageProgress | undefined;
  readonly plan?: { readonly fetch: ByteCount; readonly stored: ByteCount } | undefined;
  /** Bytes of the current stage over the last seconds, oldest first. */
  readonly samples: readonly Sample[];
  /** When bytes last arrived. */
  readonly movedAt: number;
  readonly active: readonly ActiveImage[];
}

export function startProgress(now: number): Progress {
  return { now, samples: [], movedAt: now, active: [] };
}

/** The same progress at a later time: the rate falls while nothing arrives. */
export function atTime(state: Progress, now: number): Progress {
  return { ...state, now: Math.max(state.now, now) };
}

/** The progress after an event. Pure; `now` in milliseconds never runs backwards in the result. */
export function advance(before: Progress, event: SaveEvent, now: number): Progress {
  const state = atTime(before, now);
  if (event.type === 'stage') return startStage(state, event);
  if (event.type === 'plan') return { ...state, plan: { fetch: event.fetch, stored: event.stored } };
  if (event.type === 'step') return finishStep(state, event);
  if (event.type === 'bytes') return addBytes(state, event);
  return noteActivity(state, event);
}

/** A stage that is emitted again only updates how much it has to do. */
function startStage(
  state: Progress,
  { stage, total, bytes: wanted }: Extract<SaveEvent, { type: 'stage' }>,
): Progress {
  if (state.current?.stage === stage) return { ...state, current: { ...state.current, total, wanted } };
  return {
    ...state,
    current: { stage, startedAt: state.now, total, wanted, done: 0, stored: 0, failed: 0, bytes: 0 },
    samples: [{ at: state.now, bytes: 0 }],
    movedAt: state.now,
    active: [],
  };
}

function finishStep(state: Progress, event: Extract<SaveEvent, { type: 'step' }>): Progress {
  const { current } = state;
  if (current?.stage !== event.stage) return state;
  const failed = event.outcome === 'failed';
  return {
    ...state,
    current: {
      ...current,
      done: current.done + (failed ? 0 : 1),
      stored: current.stored + (event.outcome === 'stored' ? 1 : 0),
      failed: current.failed + (failed ? 1 : 0),
    },
    active: state.active.filter(({ image }) => image !== event.subject),
  };
}

function addBytes(state: Progress, event: Extract<SaveEvent, { type: 'bytes' }>): Progress {
  const { current, now } = state;
  if (current?.stage !== event.stage) return state;
  const bytes = Math.max(0, current.bytes + event.delta);
  return {
    ...state,
    current: { ...current, bytes },
    samples: addSample(state.samples, { at: now, bytes }),
    movedAt: event.delta > 0 ? now : state.movedAt,
  };
}

/** The last sample is always the newest; those before it are at least a quarter of a second apart. */
function addSample(samples: readonly Sample[], sample: Sample): readonly Sample[] {
  const beforeLast = samples.at(-2);
  const replaces = beforeLast !== undefined && sample.at - beforeLast.at < SAMPLE_MS;
  const kept = [...(replaces ? samples.slice(0, -1) : samples), sample];
  const inside = kept.findIndex(({ at }) => at > sample.at - RATE_WINDOW_MS);
  // One sample before the window is its left edge.
  return inside > 1 ? kept.slice(inside - 1) : kept;
}

/** The last message about an image that is being worked on; its warnings and errors are lines of their own. */
function noteActivity(state: Progress, event: Extract<SaveEvent, { type: 'log' }>): Progress {
  const { image, message, level } = event;
  if (image === undefined || level === 'warning' || level === 'error') return state;
  const others = state.active.filter((active) => active.image !== image);
  const known = others.length < state.active.length;
  if (!known && others.length >= MAX_ACTIVE) return state;
  const active = { image, message };
  return {
    ...state,
    active: known
      ? state.active.map((entry) => (entry.image === image ? active : entry))
      : [...others, active],
  };
}

/** Bytes per second over the last seconds; undefined while there are too few samples. */
export function rateOf({ samples, current, now }: Progress): number | undefined {
  const edge = samples.findLast(({ at }) => at <= now - RATE_WINDOW_MS) ?? samples[0];
  if (!edge || !current || now - edge.at < 2 * SAMPLE_MS) return undefined;
  return (Math.max(0, current.bytes - edge.bytes) * 1000) / (now - edge.at);
}

/** How many bytes the stage has to move; undefined where that is unknown. */
export function bytesWanted({ current, plan }: Progress): number | undefined {
  return current?.stage === 'copy' ? plan?.fetch.bytes : current?.wanted;
}

/** Seconds to the end at the current rate; undefined while that would be a guess. */
export function secondsLeft(state: Progress): number | undefined {
  const wanted = bytesWanted(state);
  const rate = rateOf(state);
  if (wanted === undefined || rate === undefined || state.current === undefined) return undefined;
  if (rate < 1 || state.now - state.current.startedAt < 2000) return undefined;
  return Math.max(0, wanted - state.current.bytes) / rate;
}

/** Percentage of the bytes, else of the items, rounded down: 100 only at the end. */
export function percentOf(state: Progress): number | undefined {
  const { current } = state;
  if (!current) return undefined;
  const wanted = bytesWanted(state);
  const [done, total] =
    wanted === undefined || wanted === 0
      ? [current.done + current.failed, current.total]
      : [current.bytes, wanted];
  if (total === undefined || total === 0) return undefined;
  return Math.min(100, Math.floor((done / total) * 100));
}
