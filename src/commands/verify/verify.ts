import { stat } from 'node:fs/promises';
import path from 'node:path';
import { withoutSuffix } from '../../archive/index.ts';
import { bundleInside, lockBeside, LOCK_FILE, lockFileIn, SUMS_FILE } from '../../bundle/index.ts';
import { OciSaveError } from '../../errors.ts';
import type { Emit } from '../../events.ts';
import { exists, isFolder, readBounded, unlessGone } from '../../files/index.ts';
import { MAX_LOCK_BYTES } from '../../lock/index.ts';
import { VERSION } from '../../version.ts';
import { judgeBundle, type Verdict } from './judge.ts';
import { observeArchive } from './observe-archive.ts';
import { bytesInFolder, observeFolder } from './observe-folder.ts';
import { createObserver, type Observed, type PartFault } from './observed.ts';
import { findPieces, joinPieces, type Piece } from './pieces.ts';
import { untilAborted } from './until-aborted.ts';

export interface VerifyBundleOptions {
  /** A bundle's folder; an archive, any of its parts or their list; or `-` alone for an archive on standard input. */
  readonly content: readonly string[];
  /**
   * Whether the blobs below `registry/` are no matter: the bundle was unpacked without them, where a medium knows no hard
   * links, and is served from its pool.
   */
  readonly withoutLinks?: boolean | undefined;
  /** The file of the lock, where it lies elsewhere; it counts for what has none inside. */
  readonly lock?: string | undefined;
}

export interface VerifyIo {
  readonly emit: Emit;
  readonly signal: AbortSignal | undefined;
  readonly stdin: AsyncIterable<Uint8Array>;
}

/** What was verified, and what is wrong with it. */
export interface VerifyReport extends Verdict {
  readonly version: 1;
  readonly tool: { readonly name: 'oci-save'; readonly version: string };
  readonly content: string;
  readonly kind: 'folder' | 'archive' | 'parts' | 'stream';
  readonly outcome: 'whole' | 'damaged';
  /** Files that were hashed, or are other names of such a file. */
  readonly files: number;
  /** Bytes that were hashed. */
  readonly bytes: number;
  /** Files of the archive that have to be fetched or copied again. */
  readonly parts: readonly PartFault[];
  /** What is wrong with the archive apart from the bytes of its files: a damaged header, a cut. */
  readonly broken?: string;
}

/**
 * Hashes all of a bundle, in a folder, an archive, its parts or a stream, and compares it with its lock. Nothing is
 * written, and nothing is asked of a network.
 * @throws OciSaveError `usage` where there is nothing that could be a bundle
 */
export async function verifyBundle(
  { content, withoutLinks, lock }: VerifyBundleOptions,
  io: VerifyIo,
): Promise<VerifyReport> {
  const given = lock === undefined ? undefined : await givenLock(lock);
  const { kind, observed, beside, name } = await observe(content, io);
  if (observed.entries.size === 0 && observed.parts.length === 0) {
    throw new OciSaveError({
      code: 'usage',
      message: `${name} is not a bundle: ${observed.broken ?? 'it is empty'}`,
      hint: 'Name the folder or the archive that oci-save save wrote, or - for an archive on standard input.',
    });
  }
  const verdict = judgeBundle(observed, { beside, given, withoutLinks });
  const { parts, broken, bytes, entries } = observed;
  const isWhole = verdict.damaged.length === 0 && parts.length === 0 && broken === undefined;
  return {
    version: 1,
    tool: { name: 'oci-save', version: VERSION },
    content: name,
    kind,
    outcome: isWhole ? 'whole' : 'damaged',
    files: entries.size,
    bytes,
    parts,
    ...(broken === undefined ? {} : { broken }),
    ...verdict,
  };
}

interface Reading {
  readonly kind: VerifyReport['kind'];
  readonly name: string;
  readonly observed: Observed;
  /** The lock beside a bundle of one view. */
  readonly beside: Uint8Array | undefined;
}

async function observe(content: readonly string[], io: VerifyIo): Promise<Reading> {
  const { emit, signal, stdin } = io;
  const observer = createObserver((delta) => emit({ type: 'bytes', stage: 'verify', delta }));
  const [first = '', ...more] = content;
  if (first === '-') {
    if (more.length > 0) throw alone('standard input');
    emit({ type: 'stage', stage: 'verify' });
    const observed = await observeArchive(untilAborted(stdin, signal), observer, []);
    return { kind: 'stream', name: 'standard input', observed, beside: undefined };
  }
  if (await isFolder(first)) {
    if (more.length > 0) throw alone('a folder');
    await refuseNoBundle(first);
    emit({ type: 'stage', stage: 'verify', bytes: await bytesInFolder(first) });
    const observed = await observeFolder(first, observer, signal);
    const beside = observed.entries.has(LOCK_FILE)
      ? undefined
      : await lockOf(lockBeside(path.resolve(first)));
    return { kind: 'folder', name: first, observed, beside };
  }
  const pieces = await findPieces(content);
  emit({ type: 'stage', stage: 'verify', bytes: sizeOf(pieces) });
  const faults: PartFault[] = [];
  const observed = await observeArchive(joinPieces(pieces, faults, signal), observer, faults);
  const kind = pieces.length > 1 ? 'parts' : 'archive';
  const beside = observed.entries.has(LOCK_FILE) ? undefined : await lockBesideOne(content);
  return { kind, name: first, observed, beside };
}

/** The lock that lies beside one of the files of an archive: they may have come on several media. */
export async function lockBesideOne(files: readonly string[]): Promise<Uint8Array | undefined> {
  for (const file of files) {
    const lock = await lockOf(lockBeside(withoutSuffix(file)));
    if (lock !== undefined) return lock;
  }
  return undefined;
}

/** The lock that the user names. Throws `usage` where there is none. */
export async function givenLock(file: string): Promise<Uint8Array> {
  const bytes = await lockOf(file);
  if (bytes !== undefined) return bytes;
  throw new OciSaveError({ code: 'usage', message: `${file}: there is no lock` });
}

async function lockOf(file: string): Promise<Uint8Array | undefined> {
  const stats = await unlessGone(stat(file));
  return stats?.isFile() === true ? readBounded(file, MAX_LOCK_BYTES) : undefined;
}

function sizeOf(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, { actual = 0 }) => sum + actual, 0);
}

function alone(what: string): OciSaveError {
  return new OciSaveError({ code: 'usage', message: `${what} is verified alone: name nothing beside it` });
}

/** A folder that has a bundle in it, and is none: what it has would be hashed, and nothing said of it. */
async function refuseNoBundle(folder: string): Promise<void> {
  if ((await lockFileIn(folder)) !== undefined || (await exists(path.join(folder, SUMS_FILE)))) return;
  const inside = await bundleInside(folder);
  if (inside === undefined) return;
  throw new OciSaveError({
    code: 'usage',
    message: `${folder} is not a bundle: there is no lock in it or beside it`,
    hint: `Name ${inside}.`,
  });
}
