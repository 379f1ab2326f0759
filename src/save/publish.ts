import { bundleTar, writeArchive } from '../archive/index.ts';
import { type BundleTree, planTree, readManifests, writeBundle, writeFileWhole } from '../bundle/index.ts';
import { encodeLock, type Lock } from '../lock/index.ts';
import { digestOf } from '../oci/digest.ts';
import { renderHtml, type RunReport } from '../report/index.ts';
import { diskError } from '../store/index.ts';
import { pushStore } from './push-store.ts';
import type { Run } from './run.ts';

const TITLE = 'Image bundle';

/**
 * Makes the bundle and the archive from what the store has, and pushes it. Each file appears at its path when it is
 * whole; a target that fails takes none of them away.
 */
export async function publish(
  lock: Lock,
  run: Run,
): Promise<Pick<RunReport, 'bundle' | 'archive' | 'lock' | 'push'>> {
  const { session, options, places } = run;
  const manifests = await readManifests(lock, session.store);
  const tree = planTree(lock, manifests, options.layout, (content) => renderHtml(content, TITLE));
  const bundle = await onDisk('the bundle', publishFolder(lock, tree, run));
  const archive = await onDisk('the archive', publishArchive(lock, tree, run));
  const push = await pushStore(lock, run);
  const path = bundle?.lock ?? (archive === undefined ? undefined : places.archiveLock);
  return {
    ...(bundle === undefined ? {} : { bundle: { path: bundle.path } }),
    ...(archive === undefined ? {} : { archive }),
    ...(push === undefined ? {} : { push }),
    ...(path === undefined ? {} : { lock: { path, digest: digestOf(encodeLock(lock)) } }),
  };
}

/** What a dry run can tell of publishing: what targets would get. */
export async function publishDry(lock: Lock, run: Run): Promise<Pick<RunReport, 'push'>> {
  const push = run.io.lockOnly === true ? undefined : await pushStore(lock, run);
  return push === undefined ? {} : { push };
}

/** What is written, with a full disk told as one. */
async function onDisk<T>(what: string, writing: Promise<T>): Promise<T> {
  try {
    return await writing;
  } catch (error) {
    throw diskError(error, what) ?? error;
  }
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
