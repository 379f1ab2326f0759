import pLimit from 'p-limit';
import {
  type ArchiveName,
  isPieceName,
  parsePartsList,
  partsListName,
  sumsIn,
  sumsName,
} from '../../archive/index.ts';
import { OciSaveError } from '../../errors.ts';
import type { Emit } from '../../events.ts';
import type { Digest } from '../../oci/digest.ts';
import { findOrCreateRelease, findRelease } from './find-release.ts';
import { isOurs, publishedNotes } from './notes.ts';
import { type ReleasePlan, type ReleasePolicy, planRelease, type Step } from './plan.ts';
import type { Asset, Release, ReleaseService } from './service.ts';
import { takeStep } from './take-step.ts';
import { isWhole, type ReleaseFile, withDigest } from './upload.ts';

export interface SendOptions {
  readonly service: ReleaseService;
  readonly tag: string;
  readonly policy: ReleasePolicy;
  readonly archive: ArchiveName;
  /** Pieces of the archive first, in order; then what stands beside them. */
  readonly files: readonly ReleaseFile[];
  /** False where images are missing: a draft stays one. */
  readonly complete: boolean;
  readonly dryRun: boolean;
  readonly retries: number;
  readonly emit: Emit;
  readonly signal?: AbortSignal | undefined;
}

/** `planned`: a dry run would send it. */
export type FileStatus = 'sent' | 'replaced' | 'there' | 'kept' | 'planned';

export interface SentFile {
  readonly name: string;
  readonly size: number;
  readonly digest?: Digest | undefined;
  readonly status: FileStatus;
}

export interface SentRelease {
  readonly tag: string;
  /** Its page; undefined in a dry run where there is none yet. */
  readonly url: string | undefined;
  readonly draft: boolean;
  readonly files: readonly SentFile[];
  /** Names of stale files of ours that were removed, or would be. */
  readonly removed: readonly string[];
}

/** More gain nothing on one line, and each holds some megabytes. */
const PARALLEL = 2;

/**
 * Brings files into a release: what is there with the same digest is not sent again, everything is read back, and a
 * draft of ours is published when all of it is there. A run that is repeated goes on where the last one stopped.
 * @throws OciSaveError; before anything is sent for what the policy, an immutable release or a limit forbids
 */
export async function sendRelease(options: SendOptions): Promise<SentRelease> {
  const { service, tag, files, dryRun, emit } = options;
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
  await readBack(release, plan, options);
  const goesPublic = release.draft && isOurs(release.body) && options.complete;
  const ended = goesPublic ? await service.publish(release, publishedNotes(release.body)) : release;
  if (files.length > 0 && ended.draft) noteDraft(ended, options);
  return outcomeOf(ended, plan, options);
}

async function comparePlan(
  release: Release | undefined,
  options: SendOptions,
): Promise<{ present: readonly Asset[]; plan: ReleasePlan }> {
  const { service, files, archive, policy, emit } = options;
  const listed = release === undefined ? [] : await service.assets(release);
  const sizes = new Map(files.map(({ name, size }) => [name, size]));
  const present: Asset[] = [];
  // Only what could be the wanted file is worth reading.
  for (const asset of listed)
    present.push(sizes.get(asset.name) === asset.size ? await withDigest(asset, service) : asset);
  const earlier = await earlierPieces(present, options);
  const plan = planRelease({ files, present, earlier, draft: release?.draft ?? true, policy });
  const strange = present.filter(
    ({ name }) => isPieceName(archive, name) && !earlier.has(name) && !sizes.has(name),
  );
  for (const { name } of strange) {
    const message = `the release has ${name}, which is no file of this archive; it is left as it is`;
    emit({ type: 'log', level: 'warning', message });
  }
  return { present, plan };
}

const MAX_TEXT_BYTES = 1024 * 1024;

/** What the list and the sums in a release name as ours. */
async function earlierPieces(
  present: readonly Asset[],
  { archive, service, files }: SendOptions,
): Promise<Set<string>> {
  const textOf = async (name: string): Promise<string> => {
    const asset = present.find((one) => one.name === name);
    if (asset === undefined || asset.state !== 'uploaded' || asset.size > MAX_TEXT_BYTES) return '';
    const chunks = await Array.fromAsync(service.read(asset));
    return Buffer.concat(chunks).toString('utf8');
  };
  const wanted = new Set(files.map(({ name }) => name));
  // Most releases are new, or as they were: then nothing of this is read.
  if (!present.some(({ name }) => isPieceName(archive, name) && !wanted.has(name))) return new Set();
  const list = parsePartsList(await textOf(partsListName(archive)));
  const sums = sumsIn(await textOf(sumsName(archive))).keys();
  const names = [...(list?.parts.map(({ name }) => name) ?? []), ...sums];
  return new Set(names.filter((name) => isPieceName(archive, name)));
}

const MAX_FILES = 1000;
/** One byte less than GitHub's limit. */
export const MAX_FILE_BYTES = 2 ** 31 - 1;

function refuseForbidden(
  release: Release | undefined,
  { steps, stale, conflicts }: ReleasePlan,
  present: readonly Asset[],
  { tag, files }: SendOptions,
): void {
  const [large] = files.filter(({ size }) => size > MAX_FILE_BYTES);
  if (large !== undefined) {
    throw refused(
      `${large.name} has ${large.size} bytes; a release takes less than 2 GiB in one file`,
      'Take smaller parts: --split-size.',
    );
  }
  if (conflicts.length > 0) {
    throw refused(
      `release ${tag} has other content, and nothing was sent: ${conflicts.join(', ')}`,
      release?.immutable === true
        ? NEW_TAG
        : 'Release under a new tag, or replace what is there: --release-policy replace.',
    );
  }
  const changes = stale.length > 0 || steps.some(({ action }) => action !== 'none');
  if (release?.immutable === true && !release.draft && changes) {
    throw refused(
      `release ${tag} is published and immutable: nothing can be added to it, and nothing was sent`,
      NEW_TAG,
    );
  }
  const added = steps.filter(({ action }) => action === 'send').length;
  const after = present.length - stale.length + added;
  if (after > MAX_FILES) {
    throw refused(
      `release ${tag} would hold ${after} files; ${MAX_FILES} is the limit, and nothing was sent`,
      'Take larger parts, or another tag.',
    );
  }
}

const NEW_TAG = 'What is published there cannot change any more: release under a new tag.';

function refused(message: string, hint: string): OciSaveError {
  return new OciSaveError({ code: 'unsupported', message, hint });
}

/** Pieces first, two at once; then what is stale goes; what names and vouches for the pieces comes last, one by one. */
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
  for (const step of steps.filter((one) => !isPiece(one))) await take(step);
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

/** Nothing is taken on trust: the release's own list has to have every file, whole. */
async function readBack(
  release: Release,
  { steps }: ReleasePlan,
  { service, tag }: SendOptions,
): Promise<void> {
  const present = new Map((await service.assets(release)).map((asset) => [asset.name, asset]));
  const wrong: string[] = [];
  for (const { file, ...step } of steps) {
    if (step.action === 'none' && step.status === 'kept') continue;
    const asset = present.get(file.name);
    if (asset === undefined || !(await isWhole(file, asset, service))) wrong.push(file.name);
  }
  if (wrong.length === 0) return;
  throw new OciSaveError({
    code: 'digest',
    message: `release ${tag} does not hold what was sent: ${wrong.join(', ')}`,
    hint: 'A draft stays one. Run it again: what is whole is not sent again.',
  });
}

function bytesOf({ action, file }: Step): number {
  return action === 'send' || action === 'replace' ? file.size : 0;
}

function noteDraft({ tag, body }: Release, { complete, emit }: SendOptions): void {
  const why = complete || !isOurs(body) ? 'as it was' : 'because images are missing';
  emit({ type: 'log', level: 'info', message: `release ${tag} stays a draft, ${why}` });
}

function outcomeOf(
  release: Release | undefined,
  { steps, stale }: ReleasePlan,
  { tag, dryRun }: SendOptions,
): SentRelease {
  return {
    tag,
    url: release?.url,
    draft: release?.draft ?? true,
    files: steps.map((step) => ({
      name: step.file.name,
      size: step.file.size,
      ...(step.file.digest === undefined ? {} : { digest: step.file.digest }),
      status: statusOf(step, dryRun),
    })),
    removed: stale.map(({ name }) => name),
  };
}

function statusOf(step: Step, dryRun: boolean): FileStatus {
  if (step.action === 'none') return step.status;
  if (dryRun) return 'planned';
  const replaced = step.action === 'replace' || (step.action === 'rename' && step.old !== undefined);
  return replaced ? 'replaced' : 'sent';
}
