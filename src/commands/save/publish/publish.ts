import path from 'node:path';
import {
  bundleTar,
  type ByteSource,
  discardParts,
  isSplit,
  type MeasuredArchive,
  measureArchive,
  prepareArchive,
  sumsName,
  wholeName,
} from '../../../archive/index.ts';
import {
  publishResults,
  type RunResults,
  type BundleTree,
  isPublishing,
  keepLockOfBundle,
  lockBeside,
  refuseForeign,
  writePart,
} from '../../../bundle/index.ts';
import { OciSaveError, systemCodeOf } from '../../../errors.ts';
import { exists } from '../../../files/index.ts';
import type { Content } from '../../../image/index.ts';
import { digestOfLock, encodeLock } from '../../../lock/index.ts';
import type { Digest } from '../../../oci/digest.ts';
import { pushToTargets } from '../../../push/index.ts';
import type { PushTargetReport, RunReport } from '../../../report/index.ts';
import { diskError } from '../../../store/index.ts';
import type { Copying } from '../copy/copying.ts';
import { foreignAtArchive } from '../output.ts';
import { archiveBase, type Places, placeOf, recordOf, type Results } from '../places.ts';
import { buildFolder, type BuiltFolder, treeOf } from './folder.ts';
import { writeLockAlone } from './lock-alone.ts';
import type { Run } from '../run.ts';
import { hint, option } from '../../../text/hint.ts';

/** The results of a run, and the archive that a release is sent from. */
export interface Published {
  readonly results: Results;
  /** Undefined where the options ask for neither an archive nor a release. */
  readonly archive: { readonly source: ByteSource; readonly measured: MeasuredArchive } | undefined;
  /** Why the other results are missing. */
  readonly error?: Error;
}

/** Without any result. */
export const NOTHING_PUBLISHED: Published = { results: {}, archive: undefined };

/**
 * Makes the bundle and the archive from what the store has, and pushes it. Folder, archive and the files beside them get
 * their names together, when all of them are whole: until then those of the earlier run are there. A target that fails does
 * not affect them. A failure is a result, so that the run can report it; only an interruption is thrown.
 */
export async function publish(content: Content, copying: Copying, run: Run): Promise<Published> {
  let published: Published = NOTHING_PUBLISHED;
  try {
    published = await makeResults(content, run);
    run.onPublished(published.results);
    const push = await pushStore(content, run, (digest) => copying.bringBack(digest));
    if (push) published = { ...published, results: { ...published.results, push } };
    return published;
  } catch (error) {
    run.io.signal?.throwIfAborted();
    if (!(error instanceof Error)) throw error;
    return { results: published.results, archive: undefined, error };
  }
}

async function makeResults(content: Content, run: Run): Promise<Published> {
  const { places } = run;
  const { lock } = content;
  const digest = digestOfLock(lock);
  const tree = treeOf(content, run);
  // First the archive: the pass that reads all bytes for it hashes them for the folder, too.
  const archive = await onDisk('the archive', makeArchive(tree, content, run));
  const files = [...(archive?.files ?? [])];
  const record = recordOf(places, run.session.store);
  try {
    if (archive?.files) await onDisk('the archive', writePart(places.archiveLock, encodeLock(lock)));
    // A run that another one believed dead writes nothing more: the folder is built where the other builds its own.
    await run.checkLocks();
    const folder = await onDisk('the bundle', buildFolder(lock, tree, run));
    files.push(...(folder?.files ?? []));
    if (files.length > 0 || folder?.moves === true) {
      await run.checkLocks();
      // What somebody put there during this run stays.
      if (folder?.moves === true) await run.output?.recheck();
      refuseForeign(await foreignAtArchive(places), 'local');
      // The archive's lock may have the name of the lock of another bundle of one view.
      if (archive?.files && archiveBase(places) !== places.output)
        await keepLockOfBundle(archiveBase(places));
      await onDisk(
        'the results',
        publishResults(record, placeOf(places), await resultsOf(files, archive, folder, run)),
      );
      if (archive?.files === undefined) await warnOfEarlierArchive(run);
    }
    const alone = await onDisk('the lock', writeLockAlone(lock, places));
    return {
      results: {
        ...(alone && { lock: alone }),
        ...(archive?.files === undefined ? {} : { lock: { path: places.archiveLock, digest } }),
        ...(folder && {
          bundle: { path: folder.path, ...(folder.moves ? {} : { unchanged: true }) },
          lock: { path: folder.lock, digest },
        }),
        ...(archive?.files && { archive: reportArchive(archive.measured, run) }),
      },
      archive,
    };
  } catch (error) {
    if (!(await isPublishing(record))) await discardParts(files);
    throw error;
  }
}

/** Everything that is published, and what is removed of an earlier run. */
async function resultsOf(
  files: readonly string[],
  archive: WrittenArchive | undefined,
  folder: BuiltFolder | undefined,
  { places, output }: Run,
): Promise<RunResults> {
  const stale = [...(archive?.stale ?? [])];
  // The lock of a folder of one view, where there are two now; an archive beside it keeps its own.
  const beside = places.output === undefined ? undefined : lockBeside(places.output);
  const named = folder?.moves === true && beside !== undefined && output?.lockFile === beside;
  if (named && !(await exists(archiveSums(places)))) stale.push(beside);
  return {
    files: [...new Set(files)],
    stale: stale.filter((file) => !files.includes(file)),
    folder: folder?.moves ?? false,
  };
}

/** An archive that another run made stays, and does not belong to the bundle beside it. */
async function warnOfEarlierArchive({ places, io }: Run): Promise<void> {
  const sums = archiveSums(places);
  if (places.output === undefined || !(await exists(sums))) return;
  const message =
    `the archive that ${sums} names is of an earlier run, and not of this bundle: ` +
    'create it again with the option archive set to tar, or remove it with the files beside it';
  io.emit({ type: 'log', level: 'warning', message });
}

function archiveSums({ output, archivePlace }: Places): string {
  const folder = output === undefined ? archivePlace.folder : path.dirname(output);
  return path.join(folder, sumsName({ ...archivePlace.name, base: path.basename(output ?? '') }));
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

/** The result of a dry run: what push targets would get. */
export async function publishDry(content: Content, run: Run): Promise<Published> {
  const push = run.io.lockOnly === true ? undefined : await pushStore(content, run);
  return push === undefined ? NOTHING_PUBLISHED : { ...NOTHING_PUBLISHED, results: { push } };
}

/** Waits until something is written, and says what it is where that fails, as for a full disk. */
async function onDisk<T>(what: string, writing: Promise<T>): Promise<T> {
  try {
    return await writing;
  } catch (error) {
    throw diskError(error, what) ?? refusedPath(error, what) ?? error;
  }
}

/** The error for any other failure of a file system, for example a folder in the place of a file. */
function refusedPath(cause: unknown, what: string): OciSaveError | undefined {
  if (systemCodeOf(cause) === undefined) return undefined;
  return new OciSaveError({
    code: 'local',
    message: `${what} could not be written`,
    hint: hint`Check what is at its path, or name another one with ${option('output')} or ${option('archiveName')}.`,
    cause,
  });
}

/** An archive that was made; it has files only where it is written to disk. */
interface WrittenArchive extends NonNullable<Published['archive']> {
  readonly files?: readonly string[];
  readonly stale?: readonly string[];
}

/** Makes the archive; where it is only for a release, it is read once for its digests, and never written to disk. */
async function makeArchive(
  tree: BundleTree,
  { port }: Content,
  run: Run,
): Promise<WrittenArchive | undefined> {
  const { places, release, io } = run;
  if (places.archive === undefined && release === undefined) return undefined;
  const source = bundleTar(tree, port);
  const stage = places.archive === undefined ? 'measure' : 'archive';
  io.emit({ type: 'stage', stage, bytes: source.size });
  let read = 0;
  const onBytes = (delta: number): void => {
    read += delta;
    io.emit({ type: 'bytes', stage, delta });
  };
  const options = { partSize: places.partSize, onBytes, signal: io.signal };
  try {
    if (places.archive === undefined) {
      return { source, measured: await measureArchive(source, places.archivePlace.name, options) };
    }
    // Checked before everything is read and written, and once more before the files get their names.
    refuseForeign(await foreignAtArchive(places), 'local');
    const { measured, files, stale } = await prepareArchive(source, places.archivePlace, options);
    return { source, measured, files: [places.archiveLock, ...files], stale };
  } catch (error) {
    // A pass that met a damaged blob is repeated.
    onBytes(-read);
    throw error;
  }
}

/** A registry that is started in the same job is up within seconds. */
const WAIT_MILLISECONDS = 60_000;

/**
 * Pushes the images of a run from the store to its targets, if it has any.
 * @param bringBack fetches a damaged blob again
 */
async function pushStore(
  content: Content,
  { session, options, io: { emit, signal } }: Run,
  bringBack?: (digest: Digest) => Promise<void>,
): Promise<PushTargetReport[] | undefined> {
  const { push, pushPolicy: policy } = options;
  if (push.length === 0) return undefined;
  return pushToTargets(push, {
    ...options,
    client: session.client,
    content,
    policy,
    waitMilliseconds: WAIT_MILLISECONDS,
    bringBack,
    emit,
    signal,
  });
}
