import pLimit from 'p-limit';
import { OciSaveError } from '../errors.ts';
import type { Outcome } from '../events.ts';
import { isTemporary } from '../registry/index.ts';
import type { PushTargetReport } from '../report/index.ts';
import { allSettled } from './all-settled.ts';
import { createBlobSender } from './blob-sender.ts';
import type { PushContext } from './context.ts';
import { estimate } from './estimate.ts';
import { findTodo } from './find-todo.ts';
import { createImagePusher } from './image-pusher.ts';
import type { PushName } from './plan.ts';
import type { Issue } from './issue.ts';
import { cancelUploads, preflight, type Preflight } from './preflight.ts';
import { readBack } from './read-back.ts';
import { reportTarget } from './report-target.ts';
import { type NameResult, noTraffic, type Traffic } from './result.ts';
import type { PushTarget } from './target.ts';

/** Images at once: small ones wait for round trips, not for bytes. */
const IMAGES_AT_ONCE = 24;

/** One target's push in the making. */
interface Push {
  readonly target: PushTarget;
  readonly context: PushContext;
  readonly results: Map<PushName, NameResult>;
  readonly traffic: Traffic;
  readonly settle: (name: PushName, result: NameResult) => void;
}

/**
 * Pushes names to one target: asks what is there, looks what would be refused, sends the rest, reads it back. Every
 * failure is in the report.
 * @throws the signal's reason
 */
export async function pushTarget(
  target: PushTarget,
  names: readonly PushName[],
  context: PushContext,
): Promise<PushTargetReport> {
  const began = performance.now();
  const results = new Map<PushName, NameResult>();
  const settle = (name: PushName, result: NameResult): void => {
    results.set(name, result);
    const outcome = outcomeOf(result);
    const stage = context.dryRun ? 'compare' : 'push';
    if (outcome !== undefined) context.emit({ type: 'step', stage, subject: name.to.text, outcome });
  };
  const push: Push = { target, context, results, traffic: noTraffic(), settle };
  let missing: readonly string[] = [];
  try {
    missing = await work(push, names);
  } catch (error) {
    context.signal?.throwIfAborted();
    if (!(error instanceof OciSaveError)) throw error;
    failRest(push, names, error);
  }
  const seconds = (performance.now() - began) / 1000;
  return reportTarget({ target, names, results, traffic: push.traffic, missing, seconds, context });
}

/** Returns the repositories that are missing. */
async function work(push: Push, names: readonly PushName[]): Promise<readonly string[]> {
  const { target, context } = push;
  const todo = await findTodo(names, push.settle, context);
  const different = names.filter((name) => push.results.get(name)?.status === 'failed');
  if (context.dryRun) {
    const planned = await estimate(todo, context, push.traffic);
    for (const name of planned) push.settle(name, { status: 'to push' });
    return [];
  }
  if (todo.length === 0) return [];
  const checked = await preflight(target, todo, context);
  try {
    const flagged = flag(push, checked.issues);
    const stopped = context.onError === 'fail' && (flagged.size > 0 || different.length > 0);
    const ready = todo.filter((name) => !flagged.has(name));
    if (stopped) for (const name of ready) push.settle(name, { status: 'not started' });
    else await pushAll(push, ready, checked);
  } finally {
    await cancelUploads(checked.uploads, context);
  }
  return checked.missing;
}

function flag({ settle }: Push, issues: readonly Issue[]): Set<PushName> {
  const flagged = new Set<PushName>();
  for (const { error, names } of issues) {
    for (const name of names) {
      if (!flagged.has(name)) settle(name, { status: 'failed', error });
      flagged.add(name);
    }
  }
  return flagged;
}

async function pushAll(push: Push, names: readonly PushName[], checked: Preflight): Promise<void> {
  const { context, traffic, settle, target } = push;
  const blobs = createBlobSender({ context, uploads: checked.uploads, traffic });
  const pusher = createImagePusher(context, blobs);
  const limit = pLimit(context.parallel || IMAGES_AT_ONCE);
  let gone: OciSaveError | undefined;
  const one = async (name: PushName): Promise<void> => {
    context.signal?.throwIfAborted();
    // One that went away is not waited for by every image anew.
    if (gone !== undefined) return settle(name, { status: 'failed', error: gone });
    try {
      const [, standIn] = name.variants;
      const variants =
        checked.narrowed.has(name) && standIn !== undefined ? ([standIn] as const) : name.variants;
      const pushed = await pusher.push(name, variants);
      await readBack(name, pushed, context);
      settle(name, { status: 'pushed', there: pushed.digest, narrowed: pushed.narrowed });
    } catch (error) {
      context.signal?.throwIfAborted();
      settle(name, { status: 'failed', error });
      if (isTemporary(error) && gone === undefined) gone = await whetherGone(target, context);
    }
  };
  await allSettled(names.map((name) => limit(one, name)));
}

/** The error with which a target does not answer any more; undefined where it does. */
async function whetherGone(
  { domain }: PushTarget,
  { client }: PushContext,
): Promise<OciSaveError | undefined> {
  try {
    await client.reach(domain);
    return undefined;
  } catch (cause) {
    return new OciSaveError({
      code: 'network',
      message: `${domain} went away in the midst of the push`,
      hint: 'Push again when it is back: only the rest is sent.',
      cause,
    });
  }
}

function failRest({ results, settle }: Push, names: readonly PushName[], error: unknown): void {
  for (const name of names) if (!results.has(name)) settle(name, { status: 'failed', error });
}

/** Nothing is to be said of a name that had no turn. */
function outcomeOf({ status }: NameResult): Outcome | undefined {
  if (status === 'not started') return undefined;
  return status === 'unchanged' ? 'stored' : status;
}
