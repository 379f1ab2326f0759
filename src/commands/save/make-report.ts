import type { CacheReport } from '../../cache/index.ts';
import type { CopyResult, MissingBlobs } from '../../copy/index.ts';
import { type ImageList, shownList } from '../../list/index.ts';
import { isSparse, type Leaf, type Lock } from '../../lock/index.ts';
import { type Digest, isDigest } from '../../oci/digest.ts';
import { jobOf } from '../../github-release/index.ts';
import { failureOf, faultOf, type ReportedImage, type RunReport } from '../../report/index.ts';
import { missingFrom, repositoryOf, type ResolvedImage, type WantedImage } from '../../resolve/index.ts';
import { askedDigest, contentAsked } from './need/asked.ts';
import type { Saved } from './copy-and-publish.ts';
import type { Run } from './run.ts';
import { formatWantedSkopeo } from '../../options/index.ts';
import type { Store } from '../../store/index.ts';
import { VERSION } from '../../version.ts';

export interface ReportParts extends Omit<Saved, 'content'> {
  readonly started: Date;
  readonly run: Run;
  readonly list: ImageList;
  /** Options that have no effect, one sentence each. */
  readonly idle: readonly string[];
  /** What sources do not have any more. */
  readonly lost: RunReport['warnings'];
  readonly lock: Lock;
  readonly missing: MissingBlobs;
  /** Undefined where no cache was used. */
  readonly cache: CacheReport | undefined;
  /** The images whose blobs were needed. */
  readonly needed: ReadonlySet<WantedImage>;
}

/** The run as data, for `report.json` and the table at the end. */
export function makeReport(parts: ReportParts): RunReport {
  const { started, run, list, idle, lost, lock, images, failed, missing, copied, cache, published } = parts;
  const { options, session } = run;
  const { restored } = run.cache;
  const finished = new Date();
  const quotas = session.client.quotasLeft().map((quota) => ({ ...quota }));
  const skopeoVersion = session.skopeoVersion();
  const sizes = Object.values(lock.blobs);
  const planned = new Set(options.dryRun ? missing.blobs.map(({ digest }) => digest) : []);
  return {
    version: 1,
    tool: { name: 'oci-save', version: VERSION },
    ...(skopeoVersion === undefined ? {} : { skopeoVersion }),
    ...workflowSource(run),
    startedAt: started.toISOString(),
    finishedAt: finished.toISOString(),
    seconds: (finished.getTime() - started.getTime()) / 1000,
    outcome: outcomeOf(parts),
    ...(options.dryRun ? { dryRun: true } : {}),
    options: {
      ...options,
      imageList: options.imageList.map(shownList),
      // Values may be passwords of users in lists.
      vars: options.vars.map(({ name }) => name),
      credentials: options.credentials.map(({ registry }) => registry),
      push: options.push.map(({ text }) => text),
      skopeo: formatWantedSkopeo(options.skopeo),
    },
    lists: list.lists.map(({ file, format, count }) => ({ file, format, count })),
    images: images.map((image) => {
      const reported = {
        ...reportImage(image, copied, { store: session.store, restored, planned }),
        notes: [...new Set([...image.notes, ...mirrorNotes(image, run)])],
        ...(options.referrers === 'none' ? {} : { referrers: image.referrers.length }),
      };
      return parts.needed.has(image.wanted) ? reported : { ...reported, status: 'unchanged' };
    }),
    failed: failed.map(({ wanted, error }) => failureOf(error, wanted.ref, wanted.origins)),
    warnings: [
      ...idle.map((message) => ({ message })),
      ...lost,
      ...list.warnings.map(({ text, message, origin }) => ({
        ...(text === undefined ? {} : { text }),
        message,
        origin: { ...origin },
      })),
    ],
    ...leftOutOf(list),
    candidates: list.candidates.map(({ text, origin, why }) => ({ text, origin: { ...origin }, why })),
    rejects: list.rejects.map(({ text, origin, reason, hint }) => ({
      text,
      origin: { ...origin },
      reason,
      ...(hint === undefined ? {} : { hint }),
    })),
    totals: {
      images: images.length,
      blobs: sizes.length,
      bytes: sizes.reduce((sum, size) => sum + size, 0),
      fetchedBytes: fetchedBytes(lock, session.store, restored),
      storedBytes: missing.stored.bytes - broughtBackBytes(lock, missing, copied),
    },
    ...(cache === undefined ? {} : { cache: reportedCache(cache) }),
    ...(quotas.length === 0 ? {} : { quotas }),
    ...(published.error === undefined ? {} : { error: faultOf(published.error) }),
    ...(failed.length > 0 ? {} : contentAsked(lock, published.archive?.measured, run)),
    ...published.results,
  };
}

function leftOutOf({ leftOut }: ImageList): Pick<RunReport, 'leftOut'> {
  const some = leftOut.filter(({ count }) => count > 0);
  if (some.length === 0) return {};
  return {
    leftOut: some.map(({ rule, place, count }) => ({
      rule,
      ...(place === undefined ? {} : { place }),
      count,
    })),
  };
}

/** A target that got nothing fails the run; the option for single images does not change that. */
function outcomeOf({ run, images, failed, published }: ReportParts): RunReport['outcome'] {
  const targets = (published.results.push ?? []).map(({ outcome }) => outcome);
  if (published.error !== undefined || targets.includes('failed')) return 'failed';
  if (failed.length === 0) return targets.includes('warned') ? 'warned' : 'done';
  return run.options.onError === 'warn' && images.length > 0 ? 'warned' : 'failed';
}

/** What a workflow runs on: GitHub's runner, and those of Gitea and Forgejo, set these. */
function workflowSource({
  io: { env },
  wanted,
  options,
  places,
}: Run): Pick<RunReport, 'repository' | 'commit' | 'workflow'> {
  const { GITHUB_REPOSITORY: repository, GITHUB_SHA: commit } = env;
  const job = jobOf(env);
  return {
    ...(repository ? { repository } : {}),
    ...(commit ? { commit } : {}),
    ...(job === undefined ? {} : { workflow: { ...job, asked: askedDigest(wanted, options, places) } }),
  };
}

/** Content that came from the images' sources in this run, by whichever mover, or while resolving. */
function fetchedBytes({ blobs }: Lock, store: Store, restored: ReadonlySet<Digest>): number {
  const fetched = (digest: string): boolean =>
    isDigest(digest) && store.isNew(digest) && !restored.has(digest);
  return Object.entries(blobs).reduce((sum, [digest, size]) => sum + (fetched(digest) ? size : 0), 0);
}

/** Bytes that the store had, and that were fetched again because they were damaged. */
function broughtBackBytes({ blobs: sizes }: Lock, { blobs }: MissingBlobs, { movers }: CopyResult): number {
  const absent = new Set(blobs.map(({ digest }) => digest));
  return [...movers.keys()].reduce((sum, digest) => sum + (absent.has(digest) ? 0 : (sizes[digest] ?? 0)), 0);
}

/** Where blobs came from. */
interface Origins {
  readonly store: Store;
  /** What came from the cache. */
  readonly restored: ReadonlySet<Digest>;
  /** What a dry run would have fetched. */
  readonly planned: ReadonlySet<Digest>;
}

function reportImage(
  image: ResolvedImage,
  { movers }: CopyResult,
  { store, restored, planned }: Origins,
): Omit<ReportedImage, 'notes'> {
  const { wanted, sizes } = image;
  const blobs = contentOf(image.leaves);
  const bytes = (digests: readonly Digest[]): number =>
    digests.reduce((sum, digest) => sum + (sizes.get(digest) ?? 0), 0);
  const isBrought = (digest: Digest): boolean => store.isNew(digest) && !restored.has(digest);
  const brought = blobs.filter(isBrought);
  const cached = blobs.filter((digest) => restored.has(digest));
  const lacked = blobs.filter((digest) => brought.includes(digest) || planned.has(digest));
  const by = new Set(brought.map((digest) => movers.get(digest) ?? 'direct'));
  const [only] = by;
  return {
    ref: image.ref,
    names: image.names,
    origins: wanted.origins.map((origin) => ({ ...origin })),
    digest: image.digest,
    root: image.root,
    mediaType: image.mediaType,
    ...reportedPlatforms(wanted, image.platforms),
    size: bytes([...sizes.keys()]),
    status: lacked.length === 0 ? 'stored' : lacked.length === blobs.length ? 'fetched' : 'partly stored',
    // With its manifests, as `size` and the totals have them.
    fetchedBytes: bytes([...sizes.keys()].filter(isBrought)),
    ...(cached.length === 0 ? {} : { cachedBytes: bytes(cached) }),
    copier: only === undefined ? 'none' : by.size > 1 ? 'both' : only,
    ...(isSparse(image) ? { narrowed: true } : {}),
    ...(image.converted === undefined ? {} : { converted: true }),
  };
}

/** Asked at the end: a layer may have come from elsewhere than the manifests. */
function mirrorNotes({ wanted }: ResolvedImage, { session }: Run): readonly string[] {
  const repository = repositoryOf(wanted);
  return repository === undefined ? [] : session.sources.notesOf(repository);
}

function contentOf(leaves: readonly Leaf[]): Digest[] {
  return [...new Set(leaves.flatMap(({ config, layers }) => [config, ...layers]))];
}

export function reportedCache(cache: CacheReport): NonNullable<RunReport['cache']> {
  return { ...cache, troubles: [...cache.troubles] };
}

/** The platforms of an image, and those that it should have. */
export function reportedPlatforms(
  wanted: WantedImage,
  platforms: readonly string[],
): Pick<ReportedImage, 'platforms' | 'missingPlatforms'> {
  const missing = missingFrom(wanted, platforms);
  return { platforms: [...platforms], ...(missing.length === 0 ? {} : { missingPlatforms: missing }) };
}
