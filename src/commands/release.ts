import path from 'node:path';
import {
  type ArchiveName,
  bundleTar,
  type ByteSource,
  measureArchive,
  openArchive,
  partSizeOf,
} from '../archive/index.ts';
import { openBundle, planTree, readLock, viewsIn } from '../bundle/index.ts';
import { OciSaveError } from '../errors.ts';
import { readBounded } from '../files/index.ts';
import type { Emit } from '../events.ts';
import { digestOfLock, type Lock } from '../lock/index.ts';
import type { Digest } from '../oci/digest.ts';
import {
  assetNameOf,
  releaseFiles,
  type ReleasePolicy,
  releaseTag,
  sendRelease,
  writerOf,
} from '../github-release/index.ts';
import { contentIn, isReportOf, type ReleaseReport } from '../report/index.ts';
import { openTrust } from '../trust/index.ts';
import { renderBundlePage } from '../view/index.ts';
import { RELEASE_PART_BYTES } from './save/places.ts';
import { tryRelease } from './save/publish/release.ts';
import { accessRelease, checkRight, type ReleaseIo } from './save/publish/release-access.ts';

export interface ReleaseOptions {
  /** A bundle's folder, `N.tar`, or one of the parts of an archive. */
  readonly content: string;
  /** As the option `release`: a tag, or `auto`. */
  readonly tag: string;
  /** `owner/name`; undefined: GITHUB_REPOSITORY. */
  readonly repository: string | undefined;
  /** Empty: the folder's name and the tag, or the archive's own. */
  readonly archiveName: string;
  /** Bytes; 0: just under 2 GiB, or as the archive is cut. */
  readonly splitSize: number;
  readonly releasePolicy: ReleasePolicy;
  readonly retries: number;
  readonly dryRun: boolean;
}

/** What is to be released. */
interface Content {
  readonly source: ByteSource;
  readonly name: ArchiveName;
  readonly partSize: number;
  readonly lock: Lock;
  readonly report: string | undefined;
}

/**
 * Brings a bundle or an archive that is on the disk into a release. The archive of a bundle is computed again, and has the
 * bytes that it had when it was saved; every blob is hashed on the way.
 * @throws OciSaveError where nothing could be started, or `digest` where the content is damaged; what the service refuses stands in the
 *   report
 */
export async function releaseContent(options: ReleaseOptions, io: ReleaseIo): Promise<ReleaseReport> {
  const { repository, releasePolicy, retries, dryRun } = options;
  const { emit, signal } = io;
  const tag = releaseTag(options.tag, io.env);
  if (tag === undefined) throw new OciSaveError({ code: 'usage', message: 'no tag is named' });
  const { source, name, partSize, lock, report } = await openContent(options, tag, emit);
  const onWarning = (message: string): void => emit({ type: 'log', level: 'warning', message });
  const { of: trust } = await openTrust({ env: io.env, caFile: '', certsDir: '', onWarning });
  const wanted = { tag, repository, base: name.base, partSize, retries };
  const access = await accessRelease(wanted, { ...io, trust });
  if (!dryRun) await checkRight(access, name, io);
  emit({ type: 'stage', stage: 'measure', bytes: source.size });
  const onBytes = (delta: number): void => emit({ type: 'bytes', stage: 'measure', delta });
  const archive = await measureArchive(source, name, { partSize, onBytes, signal });
  return tryRelease(access, signal, archive, () =>
    sendRelease({
      service: access.service,
      tag,
      policy: releasePolicy,
      archive: name,
      writer: writerOf(io.env, name, askedIn(report) ?? digestOfLock(lock)),
      files: releaseFiles({ archive, source, lock, page: renderBundlePage(lock), report }),
      complete: true,
      dryRun,
      retry: access.retry,
      emit,
      signal,
    }),
  );
}

async function openContent(options: ReleaseOptions, tag: string, emit: Emit): Promise<Content> {
  const { content, archiveName, splitSize } = options;
  const archive = await openArchive(content);
  const given = partSizeOf(splitSize);
  if (archive === undefined) return contentOfBundle(options, tag, emit);
  const beside = path.join(archive.folder, archive.name.base);
  const lock = await lockBeside(`${beside}.lock.json`);
  return {
    source: archive.source,
    name: archiveName === '' ? archive.name : { ...archive.name, base: archiveName },
    partSize: given || archive.partSize || RELEASE_PART_BYTES,
    lock,
    report: await reportOf(lock, `${beside}.report.json`, emit),
  };
}

async function contentOfBundle(
  { content, archiveName, splitSize }: ReleaseOptions,
  tag: string,
  emit: Emit,
): Promise<Content> {
  const folder = path.resolve(content);
  const { lock, manifests, port } = await openBundle(folder);
  const tree = planTree(lock, manifests, await viewsIn(folder), renderBundlePage);
  return {
    source: bundleTar(tree, port),
    name: { base: archiveName || assetNameOf(`${path.basename(folder)}-${tag}`), suffix: 'tar' },
    partSize: partSizeOf(splitSize) || RELEASE_PART_BYTES,
    lock,
    report: await reportOf(lock, `${folder}.report.json`, emit),
  };
}

/** What the run that made the content was asked for, which is the same when it is run again. */
function askedIn(report: string | undefined): Digest | undefined {
  return report === undefined ? undefined : contentIn(Buffer.from(report))?.asked;
}

async function lockBeside(file: string): Promise<Lock> {
  const lock = await readLock(file);
  if (lock !== undefined) return lock;
  throw new OciSaveError({
    code: 'usage',
    message: `the archive's lock is missing: ${file}`,
    hint: 'It stands beside the archive; or name the bundle that the archive was made of.',
  });
}

/** A report of tens of thousands of images stays below. */
const MAX_REPORT_BYTES = 256 * 1024 * 1024;

/** The report of the run that made the content: a later one that failed leaves its own at the same place. */
async function reportOf(lock: Lock, file: string, emit: Emit): Promise<string | undefined> {
  const report = await readBounded(file, MAX_REPORT_BYTES);
  if (report === undefined || isReportOf(report, digestOfLock(lock))) return report?.toString('utf8');
  const message = `${file} is of another run than the one that made this; the release goes without it`;
  emit({ type: 'log', level: 'warning', message });
  return undefined;
}
