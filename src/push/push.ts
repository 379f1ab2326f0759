import pLimit from 'p-limit';
import { messageOf, OciSaveError } from '../errors.ts';
import { isTemporary } from '../registry/index.ts';
import type { Digest } from '../oci/digest.ts';
import type { PushTargetReport } from '../report/index.ts';
import { formatCount } from '../text/bytes.ts';
import { createBlobSender } from './blob-sender.ts';
import { cancelUploads } from './cancel-uploads.ts';
import type { PushContext } from './context.ts';
import type { NameResult } from './decide.ts';
import { estimate } from './estimate.ts';
import { createFullProjects } from './full-projects.ts';
import { allSettled, createImagePusher } from './image-pusher.ts';
import { findPendingTags } from './pending-tags.ts';
import { planPush, type PushName } from './plan.ts';
import { preflight, type Preflight } from './preflight/preflight.ts';
import { createManifestReader } from './read-back.ts';
import { countLeftOut } from './referrers/left-out.ts';
import { createReferrerPusher } from './referrers/referrer-pusher.ts';
import { noTraffic, reportTarget, type Traffic } from './report-target.ts';
import type { PushTarget } from '../options/index.ts';

/** Images at once: small ones wait for round trips, not for bytes. */
const IMAGES_AT_ONCE = 24;

/**
 * Pushes the images of a lock to registries, each digest as it is. A tag is put when everything that it names is there. What
 * is there already is not sent: an unchanged push is one HEAD per name. The targets do not depend on each other; failures
 * are in the reports, which have the targets' order.
 * @throws OciSaveError `usage` where two images would have one name at a target; the signal's reason
 */
export async function pushToTargets(
  targets: readonly PushTarget[],
  context: PushContext,
): Promise<PushTargetReport[]> {
  const { content, namesOf, index, dryRun, emit } = context;
  const plans = targets.map((target) => ({
    target,
    names: planPush(content.lock, content.manifests, target, index, namesOf),
  }));
  const total = plans.reduce((sum, { names }) => sum + names.length, 0);
  emit({ type: 'stage', stage: dryRun ? 'compare' : 'push', total });
  return Promise.all(plans.map(({ target, names }) => pushTarget(target, names, context)));
}

/** A push to one target while it runs. */
interface Push {
  readonly target: PushTarget;
  readonly context: PushContext;
  readonly results: ReadonlyMap<PushName, NameResult>;
  readonly traffic: Traffic;
  readonly settle: (name: PushName, result: NameResult) => void;
}

/**
 * Pushes names to one target: asks what is there, finds out what would be refused, sends the rest, reads it back. Every
 * failure is in the report.
 * @throws the signal's reason
 */
async function pushTarget(
  target: PushTarget,
  names: readonly PushName[],
  context: PushContext,
): Promise<PushTargetReport> {
  const { dryRun, onError, emit, signal } = context;
  const startedAt = performance.now();
  const results = new Map<PushName, NameResult>();
  const told = new Set<unknown>();
  const settle = (name: PushName, result: NameResult): void => {
    const referrersLeftOut = countLeftOut(name, result.standIn ?? result.there);
    results.set(name, { ...result, referrersLeftOut });
    const { status, error } = result;
    if (status === 'not started') return;
    // One error of several images, as of a target that is away, is told once; the end of the push lists them.
    if (error !== undefined && !told.has(error))
      emit({ type: 'log', level: 'error', message: messageOf(error), image: name.to.text });
    told.add(error);
    // An image that was there, and got a signature, is not one to which nothing was sent.
    const isSame = status === 'unchanged' && (result.referrers ?? 0) === 0;
    const outcome = isSame ? 'stored' : status === 'unchanged' ? 'pushed' : status;
    emit({ type: 'step', stage: dryRun ? 'compare' : 'push', subject: name.to.text, outcome });
  };
  const traffic = noTraffic();
  let missing: readonly string[] = [];
  try {
    missing = await pushNames({ target, context, results, traffic, settle }, names);
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof OciSaveError)) throw error;
    for (const name of names) if (!results.has(name)) settle(name, { status: 'failed', error });
  }
  const seconds = (performance.now() - startedAt) / 1000;
  const report = reportTarget({ target, names, results, traffic, missing, seconds, onError });
  if (!dryRun) warnOfLeftOut(report, context);
  return report;
}

/** A target that has an image without its signatures looks as if everything were there. */
function warnOfLeftOut({ target, images }: PushTargetReport, { emit }: PushContext): void {
  const lacking = images.filter(({ referrersLeftOut = 0 }) => referrersLeftOut > 0);
  const count = lacking.reduce((sum, { referrersLeftOut = 0 }) => sum + referrersLeftOut, 0);
  if (count === 0) return;
  const message =
    `${target} got ${formatCount(lacking.length, 'image')} narrowed, and ${formatCount(count, 'referrer')} of the whole ` +
    `left out: what signs an index fits no other`;
  emit({ type: 'log', level: 'warning', message });
}

/** Returns the repositories that do not exist. */
async function pushNames(push: Push, names: readonly PushName[]): Promise<readonly string[]> {
  const { target, context, results, traffic, settle } = push;
  const { held, settleOr } = holdSigned(push);
  const before = await findPendingTags(names, settleOr, context);
  const pending = [...before.keys()];
  const someDiffer = [...results.values()].some(({ status }) => status === 'failed');
  if (context.dryRun) {
    await estimate(pending, context, traffic);
    for (const name of pending) settle(name, planned(name, before.get(name)));
    return [];
  }
  if (pending.length === 0) {
    const isRefused = someDiffer && context.onError === 'fail';
    await sendAll(push, [], isRefused ? [] : [...held], before, nothingChecked());
    if (isRefused) for (const [name] of held) settle(name, { status: 'not started' });
    return [];
  }
  const checked = await preflight(target, pending, context);
  try {
    const refused = new Set(checked.issues.flatMap((issue) => issue.names));
    for (const name of refused) {
      const error = checked.issues.find((issue) => issue.names.includes(name))?.error;
      settle(name, { status: 'failed', error });
    }
    const ready = pending.filter((name) => !refused.has(name));
    if (context.onError === 'fail' && (refused.size > 0 || someDiffer)) {
      for (const name of [...ready, ...held.keys()]) settle(name, { status: 'not started' });
    } else {
      await sendAll(push, ready, [...held], before, checked);
    }
  } finally {
    await cancelUploads(checked.uploads.values(), context);
  }
  return checked.missing;
}

/** What a push would do with a name. Only the push finds out whether the target takes a sparse index. */
function planned({ variants: [first, second], referrers }: PushName, found: Digest | undefined): NameResult {
  const standIn = first.narrowed ? first : second;
  return {
    status: 'to push',
    before: found === first.digest ? undefined : found,
    narrowed: first.narrowed,
    standIn: standIn?.digest,
    referrers: referrers.length,
  };
}

/** Nothing is sent to the repositories of images that are there, but for referrers. */
function nothingChecked(): Preflight {
  return { issues: [], uploads: new Map(), missing: [], narrowed: new Set() };
}

/**
 * Keeps back the results of images that are there: whether their referrers are is not known yet. A dry run does not ask.
 */
function holdSigned({ context, settle }: Push): {
  readonly held: ReadonlyMap<PushName, NameResult>;
  readonly settleOr: Push['settle'];
} {
  const held = new Map<PushName, NameResult>();
  return {
    held,
    settleOr(name, result) {
      const isHeld = result.status === 'unchanged' && name.referrers.length > 0 && !context.dryRun;
      if (isHeld) held.set(name, result);
      else settle(name, result);
    },
  };
}

async function sendAll(
  push: Push,
  names: readonly PushName[],
  held: readonly (readonly [PushName, NameResult])[],
  before: ReadonlyMap<PushName, Digest | undefined>,
  checked: Preflight,
): Promise<void> {
  const { context, traffic, settle, target } = push;
  const full = createFullProjects();
  const blobs = createBlobSender(context, checked.uploads, traffic, full);
  const reader = createManifestReader(context, blobs);
  const pusher = createImagePusher(context, { blobs, reader });
  const referrers = createReferrerPusher(context, pusher.whole);
  const limit = pLimit(context.parallel || IMAGES_AT_ONCE);
  let gone: OciSaveError | undefined;
  const send = async (name: PushName, there?: NameResult): Promise<void> => {
    context.signal?.throwIfAborted();
    // Once a target went away, the rest of the images do not wait for it one after the other.
    if (gone !== undefined) return settle(name, { status: 'failed', error: gone });
    try {
      if (there?.there !== undefined) {
        const sent = await referrers.push(name, there.there);
        return settle(name, { ...there, referrers: sent });
      }
      const [, standIn] = name.variants;
      const variants =
        checked.narrowed.has(name) && standIn !== undefined ? ([standIn] as const) : name.variants;
      const { digest, narrowed } = await pusher.push(name, variants);
      await reader.tag(name.to, digest, before.get(name));
      const sent = await referrers.push(name, digest);
      const had = before.get(name);
      const moved = had === digest ? undefined : had;
      settle(name, { status: 'pushed', there: digest, narrowed, before: moved, referrers: sent });
    } catch (error) {
      context.signal?.throwIfAborted();
      settle(name, { status: 'failed', error: full.note(name.to, error) });
      if (isTemporary(error) && gone === undefined) gone = await unreachableError(target, context);
    }
  };
  const work: (readonly [PushName, NameResult?])[] = [...names.map((name) => [name] as const), ...held];
  await allSettled(work.map(([name, there]) => limit(send, name, there)));
}

/** The error of a target that does not respond any more; undefined where it does. */
async function unreachableError(
  { domain }: PushTarget,
  { client, signal }: PushContext,
): Promise<OciSaveError | undefined> {
  try {
    await client.reach(domain, signal);
    return undefined;
  } catch (cause) {
    signal?.throwIfAborted();
    const message = `${domain} went away during the push`;
    const hint = 'Push again when it is back: only the rest is sent.';
    return new OciSaveError({ code: 'network', message, hint, cause });
  }
}
