import { bundleTar, writeArchive } from '../archive/index.ts';
import { type BundleTree, planTree, readManifests, writeBundle, writeFileWhole } from '../bundle/index.ts';
import { OciSaveError, systemCodeOf } from '../errors.ts';
import { encodeLock, type Lock } from '../lock/index.ts';
import { digestOf } from '../oci/digest.ts';
import { renderHtml, type RunReport } from '../report/index.ts';
import { diskError } from '../store/index.ts';
import type { Run } from './run.ts';

const TITLE = 'Image bundle';

export interface Published {
  /** What was made. */
  readonly results: Pick<RunReport, 'bundle' | 'archive' | 'lock'>;
  /** What kept the rest from being made. */
  readonly error?: Error;
}

/** Of a run that makes nothing. */
export const NOTHING_PUBLISHED: Published = { results: {} };

/**
 * Makes the bundle and the archive from what the store has. Each appears at its path when it is whole. A failure is a
 * result, so that the run can report it; thrown is an interruption alone.
 */
export async function publish(lock: Lock, run: Run): Promise<Published> {
  const { session, options, places } = run;
  const digest = digestOf(encodeLock(lock));
  let results: Published['results'] = {};
  try {
    const manifests = await readManifests(lock, session.store);
    const tree = planTree(lock, manifests, options.layout, (content) => renderHtml(content, TITLE));
    const bundle = await onDisk('the bundle', publishFolder(lock, tree, run));
    if (bundle) results = { bundle: { path: bundle.path }, lock: { path: bundle.lock, digest } };
    const archive = await onDisk('the archive', publishArchive(lock, tree, run));
    if (archive) results = { lock: { path: places.archiveLock, digest }, ...results, archive };
    return { results };
  } catch (error) {
    run.io.signal?.throwIfAborted();
    if (!(error instanceof Error)) throw error;
    return { results, error };
  }
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

async function publishArchive(
  lock: Lock,
  tree: BundleTree,
  { session, places, io: { emit, signal } }: Run,
): Promise<RunReport['archive']> {
  if (places.archive === undefined) return undefined;
  emit({ type: 'stage', stage: 'archive' });
  const tar = await bundleTar(tree, session.store);
  const { file, size, digest } = await writeArchive(tar, places.archive, {
    onBytes: (delta) => emit({ type: 'bytes', stage: 'archive', delta }),
    signal,
  });
  await writeFileWhole(places.archiveLock, encodeLock(lock));
  return { path: file, size, digest };
}
