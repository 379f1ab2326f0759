import path from 'node:path';
import {
  bundleTar,
  type ByteSource,
  isSplit,
  type MeasuredArchive,
  measureArchive,
  wholeName,
  writeArchive,
} from '../archive/index.ts';
import {
  type BundleTree,
  keepLockOfBundle,
  planTree,
  readManifests,
  refuseForeign,
  writeBundle,
  writeFileWhole,
} from '../bundle/index.ts';
import { OciSaveError, systemCodeOf } from '../errors.ts';
import { digestOfLock, encodeLock, type Lock } from '../lock/index.ts';
import { renderBundlePage, type RunReport } from '../report/index.ts';
import { diskError } from '../store/index.ts';
import { foreignAtArchive } from './foreign.ts';
import { pushStore } from './push-store.ts';
import type { Run } from './run.ts';

/** What was made, and what a release is sent from. */
export interface Published {
  readonly results: Pick<RunReport, 'bundle' | 'archive' | 'lock' | 'push'>;
  /** Undefined where neither an archive nor a release is wanted. */
  readonly archive: { readonly source: ByteSource; readonly measured: MeasuredArchive } | undefined;
  /** What kept the rest from being made. */
  readonly error?: Error;
}

/** Where nothing was made. */
export const NOTHING_PUBLISHED: Published = { results: {}, archive: undefined };

/**
 * Makes the bundle and the archive from what the store has, and pushes it. Each file appears at its path when it is
 * whole; a target that fails takes none of them away. A failure is a result, so that the run can report it; thrown is
 * an interruption alone.
 */
export async function publish(lock: Lock, run: Run): Promise<Published> {
  const { places } = run;
  const digest = digestOfLock(lock);
  let results: Published['results'] = {};
  try {
    const tree = await treeOf(lock, run);
    const bundle = await onDisk('the bundle', publishFolder(lock, tree, run));
    if (bundle) results = { bundle: { path: bundle.path }, lock: { path: bundle.lock, digest } };
    const archive = await onDisk('the archive', publishArchive(lock, tree, run));
    if (archive !== undefined && places.archive !== undefined) {
      const lockFile = { path: places.archiveLock, digest };
      results = { lock: lockFile, ...results, archive: reportArchive(archive.measured, run) };
    }
    const push = await pushStore(lock, run);
    if (push) results = { ...results, push };
    return { results, archive };
  } catch (error) {
    run.io.signal?.throwIfAborted();
    if (!(error instanceof Error)) throw error;
    return { results, archive: undefined, error };
  }
}

/** The bundle as data, from the manifests that the store has. */
export async function treeOf(lock: Lock, { session, options }: Run): Promise<BundleTree> {
  return planTree(lock, await readManifests(lock, session.store), options.layout, renderBundlePage);
}

function reportArchive(
  archive: MeasuredArchive,
  { places: { archivePlace: place } }: Run,
): NonNullable<RunReport['archive']> {
  const pathOf = (name: string): string => path.join(place.folder, name);
  const { size, digest, pieces } = archive;
  const parts = pieces.map((piece) => ({ path: pathOf(piece.name), size: piece.size, digest: piece.digest }));
  return { path: pathOf(wholeName(place.name)), size, digest, ...(isSplit(archive) ? { parts } : {}) };
}

/** What a dry run can tell of publishing: what targets would get. */
export async function publishDry(lock: Lock, run: Run): Promise<Published> {
  const push = run.io.lockOnly === true ? undefined : await pushStore(lock, run);
  return push === undefined ? NOTHING_PUBLISHED : { ...NOTHING_PUBLISHED, results: { push } };
}

/** What is written, with a full disk told as one. */
async function onDisk<T>(what: string, writing: Promise<T>): Promise<T> {
  try {
    return await writing;
  } catch (error) {
    throw diskError(error, what) ?? refusedPath(error, what) ?? error;
  }
}

/** For whatever else a file system says, as of a folder where a file is to be. */
function refusedPath(cause: unknown, what: string): OciSaveError | undefined {
  if (systemCodeOf(cause) === undefined) return undefined;
  return new OciSaveError({
    code: 'local',
    message: `${what} could not be written`,
    hint: 'Look at what stands at its path, or name another one with --output or --archive-name.',
    cause,
  });
}

async function publishFolder(
  lock: Lock,
  tree: BundleTree,
  { session, options, places, output, io }: Run,
): Promise<{ path: string; lock: string } | undefined> {
  if (output === undefined || places.output === undefined) return undefined;
  io.emit({ type: 'stage', stage: 'bundle' });
  io.signal?.throwIfAborted();
  return writeBundle({
    tree,
    lock,
    output: places.output,
    folder: output,
    lockBeside: options.layout.length === 1,
    store: session.store,
    signal: io.signal,
  });
}

/** Writes the archive; where only a release wants it, it is read once for its digests, and never stands on the disk. */
async function publishArchive(lock: Lock, tree: BundleTree, run: Run): Promise<Published['archive']> {
  const { session, places, release, io } = run;
  if (places.archive === undefined && release === undefined) return undefined;
  const source = await bundleTar(tree, session.store);
  const stage = places.archive === undefined ? 'measure' : 'archive';
  io.emit({ type: 'stage', stage, bytes: source.size });
  const options = {
    partSize: places.partSize,
    onBytes: (delta: number) => io.emit({ type: 'bytes', stage, delta }),
    signal: io.signal,
    beforeNames: async () => refuseForeign(await foreignAtArchive(places), 'local'),
  };
  if (places.archive === undefined) {
    return { source, measured: await measureArchive(source, places.archivePlace.name, options) };
  }
  const measured = await writeArchive(source, places.archivePlace, options);
  if (places.output === undefined) {
    const { folder, name } = places.archivePlace;
    await keepLockOfBundle(path.join(folder, name.base));
  }
  await writeFileWhole(places.archiveLock, encodeLock(lock));
  return { source, measured };
}
