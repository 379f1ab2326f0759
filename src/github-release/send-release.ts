import { OciSaveError } from '../errors.ts';
import { claimArchive, claimName, refuseOtherJob } from './draft/claim.ts';
import { comparePlan, type Comparison } from './compare.ts';
import { findRelease } from './draft/find-release.ts';
import { refuseForbidden } from './forbidden.ts';
import { isOurs } from './draft/notes.ts';
import { findOrCreateRelease, keepOne, moveTo } from './draft/one-draft.ts';
import { outcomeOf, type SentRelease } from './plan.ts';
import { publishDraft } from './draft/publish-draft.ts';
import { readAgain, readBack } from './read-back.ts';
import type { SendOptions } from './send-options.ts';
import type { Asset, Release } from './service/service.ts';
import { bytesOf, takeSteps } from './take-steps.ts';
import { unfinishedBeside } from './completeness.ts';

/**
 * Brings files into a release: what is there with the same digest is not sent again, everything is read back, and a
 * draft of ours is published when all of it is there. A run that is repeated continues where the last one stopped.
 * @throws OciSaveError; before anything is sent where the policy, an immutable release, a limit or another job of the
 *   same run forbids it
 */
export async function sendRelease(options: SendOptions): Promise<SentRelease> {
  const { service, tag, dryRun } = options;
  if (!dryRun) return sendTo(await findOrCreateRelease(options), options);
  const found = await findRelease(service, tag);
  const { plan, present } = await look(found, options);
  return outcomeOf(found, plan, present, options, false);
}

async function sendTo(found: Release, options: SendOptions): Promise<SentRelease> {
  const { service, tag, emit } = options;
  const { release, plan, strange, claim } = await claimed(found, await look(found, options), options);
  warn(release, strange, options);
  const bytes = plan.steps.reduce((sum, step) => sum + bytesOf(step), 0);
  emit({ type: 'stage', stage: 'release', total: plan.steps.length, bytes });
  await takeSteps(release, plan, options);
  if (claim !== undefined) await service.remove(claim);
  const there = await readBack(release, plan, options);
  // A person may have edited the draft meanwhile, or another job may have published it.
  const now = release.draft && isOurs(release.body) ? await stillThere(release, options) : release;
  const kept = now.draft && isOurs(now.body) ? await keepOne(now, options, warnOfDraft(options)) : now;
  if (kept.id !== now.id) return sendTo(kept, options);
  const why = whyDraft(kept, there, options);
  const ended = kept.draft && why === undefined ? await publishDraft(kept, options) : kept;
  if (ended.id !== kept.id) return sendTo(await moveTo(ended, kept, options), options);
  const left = release.draft && !ended.draft ? await readAgain(ended, there, options) : there;
  if (ended.draft && why !== undefined)
    emit({ type: 'log', level: 'info', message: `release ${tag} stays a draft, ${why}` });
  return outcomeOf(ended, plan, left, options, kept.draft && !ended.draft);
}

/** What a release has. Throws where it must not be written to. */
async function look(release: Release | undefined, options: SendOptions, claim?: Asset): Promise<Comparison> {
  const found = await comparePlan(release, options);
  await refuseOtherJob(release, found, options, claim);
  refuseForbidden(release, found.plan, found.present, options);
  return found;
}

/**
 * Claims the archive where something of it changes, and looks again: another job may have written it meanwhile. There is no
 * claim where nothing changes, or outside of a workflow.
 */
async function claimed(
  release: Release,
  first: Comparison,
  options: SendOptions,
): Promise<Comparison & { readonly release: Release; readonly claim: Asset | undefined }> {
  const { service, writer, archive, emit } = options;
  const { plan, present } = first;
  const changes =
    plan.steps.some(({ action }) => action !== 'none') ||
    plan.stale.length > 0 ||
    present.some(({ name }) => name === claimName(archive));
  if (!changes || writer === undefined) return { ...first, release, claim: undefined };
  const claim = await claimArchive(release, writer, options);
  try {
    const now = await stillThere(release, options);
    return { ...(await look(now, options, claim)), release: now, claim };
  } catch (error) {
    await service.remove(claim).catch((failure: unknown) => {
      const message = `${claim.name} stays in release ${release.tag}: ${String(failure)}`;
      emit({ type: 'log', level: 'warning', message });
    });
    throw error;
  }
}

function warn({ tag, draft }: Release, strange: readonly string[], { complete, emit }: SendOptions): void {
  const messages = strange.map(
    (name) => `the release has ${name}, which is not a file of this archive; it is left as it is`,
  );
  if (!draft && !complete) messages.push(`release ${tag} is published, and gets a bundle that lacks images`);
  for (const message of messages) emit({ type: 'log', level: 'warning', message });
}

/** A job that was killed may have left it, or one that is at work has not found the older one yet, and removes it. */
function warnOfDraft({ tag, emit }: SendOptions): (draft: Release) => void {
  return ({ url }) =>
    emit({
      type: 'log',
      level: 'warning',
      message: `release ${tag} has another draft, ${url}: remove it unless a job is at work on it`,
    });
}

async function stillThere(release: Release, { service, tag }: SendOptions): Promise<Release> {
  const now = await service.reread(release);
  if (now !== undefined) return now;
  throw new OciSaveError({
    code: 'unsupported',
    message: `release ${tag} is gone, though this run had found it: ${release.url}`,
    hint: 'Somebody removed it meanwhile. Run it again.',
  });
}

/** Why a draft that has everything stays a draft, in words; undefined where it is to be published. */
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
