import { mkdir, mkdtemp, readdir, realpath, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { withoutSuffix } from '../../archive/index.ts';
import { LOCK_FILE, lockBeside } from '../../bundle/index.ts';
import { OciSaveError, systemCodeOf } from '../../errors.ts';
import type { Emit } from '../../events.ts';
import { exists, isFolder, mountPointsAt, readBounded } from '../../files/index.ts';
import { MAX_LOCK_BYTES } from '../../lock/index.ts';
import { diskError } from '../../store/index.ts';
import { formatBytes } from '../../text/bytes.ts';
import { hint, option } from '../../text/hint.ts';
import { judgeBundle } from '../verify/judge.ts';
import { createObserver, type PartFault } from '../verify/observed.ts';
import { lockBesideOne } from '../verify/verify.ts';
import type { Piece } from '../verify/pieces.ts';
import { findArchive } from './archive-bytes.ts';
import { joinSite } from './join-site.ts';
import { checkDevices, checkRoom, knowsLinks, roomOf } from './room.ts';
import { openStateFolder, writeStateFolder } from './state-folder.ts';
import { swapSite } from './swap-site.ts';
import { flush, flushFolder, setMode } from './to-disk.ts';
import { reportOf, type UnpackIo, type UnpackReport } from './unpack-report.ts';
import { type IsUnneeded, writeEntries } from './write-entries.ts';

export interface UnpackOptions {
  /** An archive, any of its parts or their list; or `-` for an archive on standard input. */
  readonly archive: readonly string[];
  /** The folder to be made; empty: the archive's name, in the working directory. */
  readonly output: string;
  /** How it comes to a site that has a bundle already, in place of `output`. */
  readonly site?: { readonly how: 'join' | 'swap'; readonly folder: string } | undefined;
  /**
   * A folder to be made elsewhere, as a zot root that points at the bundle's blobs: those below `registry/` are left out then.
   * Empty: they are links, or copies where a medium knows none.
   */
  readonly state?: string | undefined;
}

/**
 * Unpacks a bundle's archive, its parts or a stream into a new folder, which appears when all of it was hashed and compared
 * with the lock. Nothing that is there is overwritten.
 * @throws OciSaveError `usage` or `machine` where nothing was started, `local` where the disk fails; nothing is left then
 */
export async function unpackBundle(options: UnpackOptions, io: UnpackIo): Promise<UnpackReport> {
  const { site } = options;
  if (site !== undefined) {
    if (options.state) {
      throw new OciSaveError({
        code: 'usage',
        message: 'a folder of links is made for a bundle of its own, not for a site that has one',
        hint: hint`Leave out ${option('state')}.`,
      });
    }
    const bring = site.how === 'join' ? joinSite : swapSite;
    return bring({ archive: options.archive, site: site.folder }, io);
  }
  const { emit, signal, platform = process.platform } = io;
  const [first = ''] = options.archive;
  const { isStream, pieces, chunks } = await findArchive(options.archive, io);
  const output = await freeOutput(options.output, isStream ? undefined : first);
  const parent = path.dirname(output);
  const linked = await whereWritable(parent, async () => {
    await mkdir(parent, { recursive: true });
    return knowsLinks(parent);
  });
  const state = options.state ? await openStateFolder(options.state, output) : undefined;
  await prepare(pieces, { parent, linked, platform, hasState: state !== undefined }, emit);
  const faults: PartFault[] = [];
  const observer = createObserver((delta) => emit({ type: 'bytes', stage: 'verify', delta }));
  const folder = await mkdtemp(path.join(parent, `.${path.basename(output)}.`));
  try {
    // With a folder of links elsewhere, the bundle has none.
    const isUnneeded: IsUnneeded = async (_, kind) => kind === 'link' && state !== undefined;
    const written = await whereWritable(output, () =>
      writeEntries(chunks(faults), folder, observer, faults, isUnneeded),
    );
    signal?.throwIfAborted();
    const hasLock = isStream || written.observed.entries.has(LOCK_FILE);
    const lock = hasLock ? undefined : await lockBesideOne(options.archive);
    const verdict = judgeBundle(written.observed, { beside: lock });
    const report = reportOf(written, verdict, { archive: first, output });
    if (report.outcome === 'damaged') return report;
    const root =
      state === undefined ? undefined : await writeStateFolder(state, output, written.observed, lock);
    try {
      await setMode(folder, 0o755);
      await whereWritable(output, () => flush(written.files, written.folders, signal));
      await appear(folder, output, lock);
      await root?.appear();
    } finally {
      await root?.discard();
    }
    return state === undefined ? report : { ...report, state };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The folder that is made: nothing may be there but an empty folder. */
async function freeOutput(given: string, archive: string | undefined): Promise<string> {
  if (given === '' && archive === undefined) {
    throw new OciSaveError({
      code: 'usage',
      message: 'an archive on standard input has no name for its folder',
      hint: hint`Name the folder with ${option('output')}.`,
    });
  }
  const named = path.resolve(given === '' ? path.basename(withoutSuffix(archive ?? '')) : given);
  // The folder itself is replaced, not a link to it.
  const output = (await isFolder(named)) ? await realpath(named) : named;
  if (!(await exists(output))) return output;
  const isEmpty = (await isFolder(output)) && (await readdir(output)).length === 0;
  if (isEmpty) {
    await refuseFixed(output);
    return output;
  }
  throw new OciSaveError({
    code: 'machine',
    message: `${output} is there; it is left as it is`,
    hint: hint`Name another folder with ${option('output')}. A second bundle is never unpacked over the first: tags of the first would be lost.`,
  });
}

/** Whoever stands in a folder that is replaced sees an empty one; one where a medium is mounted cannot be replaced. */
async function refuseFixed(output: string): Promise<void> {
  const isHere = output === (await realpath(process.cwd()));
  if (!isHere && (await mountPointsAt([output])).length === 0) return;
  throw new OciSaveError({
    code: 'usage',
    message: isHere
      ? `${output} is the working directory, which cannot be replaced`
      : `a medium is mounted at ${output}, which cannot be replaced`,
    hint: hint`Name a folder in it with ${option('output')}.`,
  });
}

/** Where is unpacked to. */
interface Target {
  readonly parent: string;
  /** Whether hard links are known there. */
  readonly linked: boolean;
  readonly platform: NodeJS.Platform;
  /** Whether further names are left out, for a folder elsewhere. */
  readonly hasState: boolean;
}

/** Tells and checks beforehand what it takes, where the archive is a file. */
async function prepare(
  pieces: readonly Piece[],
  { parent, linked, platform, hasState }: Target,
  emit: Emit,
): Promise<void> {
  const room = await roomOf(pieces);
  if (room !== undefined) {
    checkDevices(room, platform);
    await checkRoom(parent, room, linked || hasState);
  }
  if (!linked && !hasState) {
    const more =
      room === undefined
        ? 'several times the room'
        : `${formatBytes(room.names)} more than the ${formatBytes(room.files)} of the blobs`;
    const message =
      `hard links are not known in ${parent}: further names of a blob are copies, which take ${more}; ` +
      'a state folder elsewhere takes their place in a few KiB (oci-save unpack --help)';
    emit({ type: 'log', level: 'warning', message });
  }
  emit({ type: 'stage', stage: 'verify', ...(room === undefined ? {} : { bytes: room.files }) });
}

/** The bundle takes its name, and the lock of a bundle of one view its place beside it. Nothing that is there is replaced. */
async function appear(folder: string, output: string, lock: Uint8Array | undefined): Promise<void> {
  const beside = lockBeside(output);
  const isNew = lock !== undefined && (await keepLock(lock, beside));
  try {
    await rename(folder, output);
    await flushFolder(path.dirname(output));
  } catch (error) {
    if (isNew) await rm(beside, { force: true });
    const code = systemCodeOf(error);
    if (code === undefined) throw error;
    throw new OciSaveError({
      code: 'local',
      message: `${output} cannot be made, or replaced where it is there (${code})`,
      hint: hint`Name another folder with ${option('output')}.`,
      cause: error,
    });
  }
}

/** Whether the lock is new there. Throws `machine` where there is another one. */
async function keepLock(lock: Uint8Array, place: string): Promise<boolean> {
  const known = await readBounded(place, MAX_LOCK_BYTES);
  if (known === undefined) {
    await whereWritable(place, () => writeFile(place, lock, { flag: 'wx' }));
    return true;
  }
  if (known.equals(lock)) return false;
  throw new OciSaveError({
    code: 'machine',
    message: `${place} is there, and is not the lock of this bundle`,
    hint: hint`It belongs to another bundle: name another folder with ${option('output')}.`,
  });
}

async function whereWritable<T>(place: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw diskError(error, place) ?? error;
  }
}
