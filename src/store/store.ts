import type { BigIntStats } from 'node:fs';
import { chmod, lstat, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { OciSaveError } from '../errors.ts';
import { type Digest, digestOf, hexOf, shortDigest } from '../oci/digest.ts';
import { type BlobSize, type BlobWriter, openBlobWriter } from './blob-writer.ts';
import { hashFile } from './hash-file.ts';
import { unlessGone } from '../files/index.ts';
import { linkOrCopyIn } from './link.ts';
import { openFiles } from './open-files.ts';
import { openPins } from './pins.ts';
import { placesIn } from './places.ts';
import { pruneBlobs, type Pruned, pruneSettled } from './prune.ts';
import type { Served } from './served.ts';

/** The local content-addressed pool: every blob once, under a name that its hash has earned. */
export interface Store {
  /** This run's own folder, on the blobs' file system. */
  readonly runFolder: string;
  /** What tags were when they were last read. */
  readonly served: Served;
  pathOf(digest: Digest): string;
  /**
   * Whether the blob is here and right. A file that changed since it was hashed is hashed again, or dropped. From then
   * on no prune takes it before this handle is closed, and it counts as used by this run.
   */
  has(blob: BlobSize): Promise<boolean>;
  /** The verified bytes of a small blob, or undefined where it is not here. `maxBytes` bounds the read. */
  read(digest: Digest, maxBytes: number): Promise<Uint8Array | undefined>;
  /** Stores bytes in memory under their digest. */
  put(bytes: Uint8Array): Promise<Digest>;
  /** Opens a blob for writing; it enters when whole and right. */
  write(blob: BlobSize): Promise<BlobWriter>;
  /** Takes in a file that another program wrote, after hashing it. Throws `digest` where it is not that blob. */
  adopt(file: string, blob: BlobSize): Promise<void>;
  /** Whether the blob came in through this handle, and was not here before. */
  isNew(digest: Digest): boolean;
  /**
   * Removes what was not used for longest, where the store holds more than `maxBytes` that no bundle links; nothing that
   * this run or another at work has looked at. Undefined where there is no need.
   */
  prune(maxBytes: number): Promise<Pruned | undefined>;
  /** Removes the run's folder. The blobs stay; what was used is recorded. */
  close(): Promise<void>;
}

/** What reads content by digest: the store has it, and a bundle. */
export type BlobPool = Pick<Store, 'pathOf' | 'has' | 'read'>;

export interface StoreOptions {
  /** Told of each blob that was here and wrong, after it was dropped. */
  readonly onHealed?: (digest: Digest, why: string) => void;
  /** Trust no stamp: hash each blob once in this run. */
  readonly full?: boolean;
}

/** Opens the store in `folder`, made where it is missing. Throws `machine` where it cannot be. */
export async function openStore(folder: string, options: StoreOptions = {}): Promise<Store> {
  const places = placesIn(folder);
  const { journal, served, run } = await openFiles(folder, places);
  const pins = openPins(path.join(places.uses, run.name), new Date(), () => pruneSettled(places));
  const seen = new Set<Digest>();
  const entered = new Set<Digest>();
  const pathOf = (digest: Digest): string => path.join(places.blobs, hexOf(digest));

  /**
   * The name is taken only by a verified file; where two runs bring one blob, the first stays. `stats` are from
   * before the hash, so that whatever is done to the file later shows.
   */
  const enter = async (file: string, digest: Digest, stats: BigIntStats): Promise<void> => {
    const name = pathOf(digest);
    await pins.add(hexOf(digest));
    const how = await linkOrCopyIn(run.folder, file, name);
    const named = await unlessGone(statBig(name));
    // Somebody else's file under that name was not seen verified here: it is hashed when it is asked for. One that a
    // prune has out of reach is put back: it is pinned.
    if (named === undefined || (how === 'linked' && named.ino !== stats.ino)) return;
    await unlessGone(chmod(name, 0o644));
    await journal.note(hexOf(digest), how === 'linked' ? stats : named);
    seen.add(digest);
    entered.add(digest);
  };

  const drop = async (digest: Digest, why: string): Promise<void> => {
    await rm(pathOf(digest), { recursive: true, force: true });
    options.onHealed?.(digest, why);
  };

  const store: Store = {
    runFolder: run.folder,
    served,
    pathOf,
    async has({ digest, size }) {
      await pins.add(hexOf(digest));
      const stats = await unlessGone(statBig(pathOf(digest)));
      if (!stats) return false;
      if (!stats.isFile()) {
        await drop(digest, NO_FILE);
        return false;
      }
      if (stats.size !== BigInt(size)) {
        await drop(digest, `it has ${stats.size} bytes instead of ${size}`);
        return false;
      }
      const trusted = journal.vouches(hexOf(digest), stats) && (options.full !== true || seen.has(digest));
      if (trusted) return true;
      const actual = await unlessGone(hashFile(pathOf(digest)));
      if (actual === undefined) return false;
      if (actual.digest !== digest) {
        await drop(digest, `it hashes to ${shortDigest(actual.digest)}`);
        return false;
      }
      await journal.note(hexOf(digest), stats);
      seen.add(digest);
      return true;
    },
    async read(digest, maxBytes) {
      const stats = await unlessGone(statBig(pathOf(digest)));
      if (stats && !stats.isFile()) await drop(digest, NO_FILE);
      if (!stats?.isFile() || stats.size > BigInt(maxBytes)) return undefined;
      const bytes = await unlessGone(readFile(pathOf(digest)));
      if (bytes === undefined || digestOf(bytes) === digest) return bytes;
      await drop(digest, 'its bytes do not hash to its name');
      return undefined;
    },
    async put(bytes) {
      const digest = digestOf(bytes);
      if (await store.has({ digest, size: bytes.length })) return digest;
      const file = path.join(run.folder, `incoming-${randomUUID()}`);
      await writeFile(file, bytes, { mode: 0o644, flag: 'wx' });
      await enter(file, digest, await statBig(file));
      await rm(file, { force: true });
      return digest;
    },
    write: (blob) =>
      openBlobWriter(run.folder, blob, async (file) => enter(file, blob.digest, await statBig(file))),
    async adopt(file, { digest, size }) {
      const stats = await statBig(file);
      const actual = await hashFile(file);
      if (actual.digest !== digest || actual.size !== size) {
        throw new OciSaveError({
          code: 'digest',
          message: `blob ${shortDigest(digest)} landed as ${actual.size} bytes that hash to ${shortDigest(actual.digest)}`,
        });
      }
      await enter(file, digest, stats);
    },
    isNew: (digest) => entered.has(digest),
    async prune(maxBytes) {
      const names = await readdir(places.blobs);
      // What the journal does not know may be anything: then each file is looked at.
      const bytes = names.reduce((sum, hex) => sum + (journal.sizeOf(hex) ?? Number.POSITIVE_INFINITY), 0);
      if (bytes <= maxBytes) return undefined;
      return pruneBlobs(places, run, { rule: { kind: 'size', maxBytes } });
    },
    close: () => run.remove(),
  };
  return store;
}

/** A link would lead a bundle out of itself; a folder or a pipe is nobody's blob. */
const NO_FILE = 'it is no regular file';

const statBig = (file: string): Promise<BigIntStats> => lstat(file, { bigint: true });
