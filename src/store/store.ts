import { randomUUID } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { lstat, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { OciSaveError } from '../errors.ts';
import { opening, readBounded, readRange } from '../files/index.ts';
import { type Digest, digestOf, shortDigest, type BlobSize } from '../oci/digest.ts';
import { type BlobFilesOptions, NO_FILE, openBlobFiles } from './blob-files.ts';
import { checkedBytes, DamagedBlobError, hashFile } from './blob-bytes.ts';
import { type BlobWriter, openBlobWriter } from './blob-writer.ts';
import { whereUsable } from './disk.ts';
import { type Conversions, openConversions } from './records/conversions.ts';
import { openJournal } from './records/journal.ts';
import { type ContentOrigin, openOrigins, type Origins } from './records/origins.ts';
import { makeOwnFolder } from './own-folder.ts';
import { placesIn } from './places.ts';
import { openLeases } from './prune/leases.ts';
import { pruneBlobs, type Pruned, pruneSettled, tidy } from './prune/prune.ts';
import { createRunFolder } from './prune/run-folder.ts';
import { openServed, type Served } from './records/served.ts';

/** The local content-addressed pool: every blob once, under the name that its hash gives it. */
export interface Store {
  /** This run's own folder, on the blobs' file system. */
  readonly runFolder: string;
  /** A folder for records of results that are taking their names at an output; it may be missing. */
  readonly publishing: string;
  /** What tags were when they were last read. */
  readonly served: Served;
  /** What images without a registry's digest became when they were converted. */
  readonly conversions: Conversions;
  /** Which repositories gave content for credentials. What it hides is missing for `has`, `verify`, `open` and `read`. */
  readonly origins: Origins;
  pathOf(digest: Digest): string;
  /**
   * Whether the blob is here, as far as its file's stamp tells: enough to plan by. A file that changed since it was
   * hashed is hashed again, or dropped. From then on no prune takes it before this handle is closed, and it counts as
   * used by this run.
   */
  has(blob: BlobSize): Promise<boolean>;
  /**
   * Whether the blob is here, and was hashed in this run: when it was written, when it was read, or now. No stamp is
   * trusted. Where it is wrong it is dropped. For all that leaves the store. Throws the reason of `signal`.
   */
  verify(blob: BlobSize, signal?: AbortSignal): Promise<boolean>;
  /**
   * The bytes of a blob from `start` up to `end`, exclusive; all of them by default. They are hashed on the way where
   * this run has not seen them right yet. Throws DamagedBlobError where they are wrong; the blob is dropped then.
   */
  open(blob: BlobSize, start?: number, end?: number): AsyncGenerator<Uint8Array>;
  /** The verified bytes of a small blob, or undefined where it is not here. `maxBytes` bounds the read. */
  read(digest: Digest, maxBytes: number): Promise<Uint8Array | undefined>;
  /**
   * Small content that enters when it is asked for: a cache may offer far more than a run needs. The caller has hashed it.
   */
  offer(contents: ReadonlyMap<Digest, Uint8Array>): void;
  /** Stores bytes in memory under their digest. */
  put(bytes: Uint8Array, origin: ContentOrigin): Promise<Digest>;
  /** Opens a blob for writing; it enters when whole and right. */
  write(blob: BlobSize, origin: ContentOrigin): Promise<BlobWriter>;
  /** Takes in a file that another program wrote, after hashing it. Throws `digest` where it is not that blob. */
  adopt(file: string, blob: BlobSize, origin: ContentOrigin): Promise<void>;
  /** Whether the blob came in through this handle, and was not here before. */
  isNew(digest: Digest): boolean;
  /**
   * Removes the least recently used blobs where the store holds more than `maxBytes` that no bundle links; none that a
   * live run has looked at. Undefined where there is no need.
   */
  prune(maxBytes: number): Promise<Pruned | undefined>;
  /** Removes the run's folder. The blobs stay; what was used is recorded. */
  close(): Promise<void>;
}

export interface StoreOptions {
  /** Called with each blob that was here and wrong, after it was dropped. */
  readonly onHealed?: BlobFilesOptions['onHealed'];
  /** Trust no stamp: hash each blob once in this run. */
  readonly full?: boolean;
  /** Hide what came with credentials until this run has reached a repository that gave it. */
  readonly asksAgain?: boolean | undefined;
}

/**
 * Opens the store in `folder`, makes it where it is missing, and clears up what killed runs have left there.
 * @throws OciSaveError `machine` where it cannot be used
 */
export async function openStore(folder: string, options: StoreOptions = {}): Promise<Store> {
  const places = placesIn(folder);
  const { journal, served, conversions, origins, run } = await whereUsable(folder, async () => {
    await makeOwnFolder(folder);
    await mkdir(places.blobs, { recursive: true });
    await mkdir(places.uses, { recursive: true });
    // From here on no prune of another run rewrites what is read now.
    const run = await createRunFolder(places);
    try {
      await tidy(places, run);
      await pruneSettled(places);
      return {
        journal: await openJournal(places.journal),
        served: await openServed(places.served),
        conversions: await openConversions(places.conversions),
        origins: await openOrigins(places.origins, options.asksAgain === true),
        run,
      };
    } catch (error) {
      await run.remove();
      throw error;
    }
  });
  const files = openBlobFiles({
    folder: places.blobs,
    runFolder: run.folder,
    journal,
    lease: openLeases(path.join(places.uses, run.name), new Date(), () => pruneSettled(places)),
    onHealed: options.onHealed ?? (() => {}),
  });
  const { pathOf } = files;
  const offered = new Map<Digest, Uint8Array>();
  const entering = new Map<Digest, Promise<unknown>>();
  const takeOffered = async (digest: Digest): Promise<void> => {
    const bytes = offered.get(digest);
    if (bytes !== undefined) entering.set(digest, store.put(bytes, undefined));
    offered.delete(digest);
    await entering.get(digest);
  };

  const store: Store = {
    runFolder: run.folder,
    publishing: places.publishing,
    served,
    conversions,
    origins,
    pathOf,
    async has(blob) {
      await takeOffered(blob.digest);
      return !origins.hides(blob.digest) && files.check(blob, options.full === true ? 'run' : 'stamp');
    },
    async verify(blob, signal) {
      await takeOffered(blob.digest);
      return !origins.hides(blob.digest) && files.check(blob, 'run', signal);
    },
    async *open(blob, start = 0, end = blob.size) {
      const { digest, size } = blob;
      await takeOffered(digest);
      const file = pathOf(digest);
      if (origins.hides(digest)) throw new DamagedBlobError(digest, file, 'its repository was not reached');
      await files.lease(digest);
      const stats = await files.statOf(digest);
      const whole = start === 0 && end === size;
      if (stats?.isFile() !== true || !whole) {
        if (!(await files.check(blob, 'run')))
          throw new DamagedBlobError(digest, file, 'it is missing, or wrong');
        yield* readRange(file, start, end);
        return;
      }
      try {
        yield* checkedBytes(file, blob);
      } catch (error) {
        if (error instanceof DamagedBlobError)
          await files.drop(digest, stats, 'its bytes do not hash to its name');
        throw error;
      }
      await files.noteRight(digest, stats);
    },
    offer(contents) {
      for (const [digest, bytes] of contents) offered.set(digest, bytes);
    },
    async read(digest, maxBytes) {
      await takeOffered(digest);
      if (origins.hides(digest)) return undefined;
      const stats = await files.statOf(digest);
      if (stats && !stats.isFile()) await files.drop(digest, stats, NO_FILE);
      if (!stats?.isFile() || stats.size > BigInt(maxBytes)) return undefined;
      const bytes = await readBounded(pathOf(digest), maxBytes);
      if (bytes === undefined) return undefined;
      if (digestOf(bytes) === digest) {
        await files.noteRight(digest, stats);
        return bytes;
      }
      await files.drop(digest, stats, 'its bytes do not hash to its name');
      return undefined;
    },
    async put(bytes, origin) {
      const digest = digestOf(bytes);
      const blob = { digest, size: bytes.length };
      const isHere = await files.check(blob, 'run');
      await origins.note(digest, origin, isHere);
      if (isHere) return digest;
      const file = path.join(run.folder, `incoming-${randomUUID()}`);
      await opening(writeFile(file, bytes, { mode: 0o644, flag: 'wx' }));
      await files.enter(file, blob, await statBig(file));
      await rm(file, { force: true });
      return digest;
    },
    write: (blob, origin) =>
      openBlobWriter(run.folder, blob, async (file) => {
        await origins.note(blob.digest, origin, false);
        await files.enter(file, blob, await statBig(file));
      }),
    async adopt(file, { digest, size }, origin) {
      const stats = await statBig(file);
      const actual = await hashFile(file);
      if (actual.digest !== digest || actual.size !== size) {
        throw new OciSaveError({
          code: 'digest',
          message: `blob ${shortDigest(digest)} landed as ${actual.size} bytes that hash to ${shortDigest(actual.digest)}`,
        });
      }
      await origins.note(digest, origin, false);
      await files.enter(file, { digest, size }, stats);
    },
    isNew: files.isNew,
    async prune(maxBytes) {
      const names = await readdir(places.blobs);
      // A blob that the journal does not know may have any size: then each file is examined.
      const bytes = names.reduce((sum, hex) => sum + (journal.sizeOf(hex) ?? Number.POSITIVE_INFINITY), 0);
      if (bytes <= maxBytes) return undefined;
      return pruneBlobs(places, run, { rule: { kind: 'size', maxBytes } });
    },
    close: () => run.remove(),
  };
  return store;
}

const statBig = (file: string): Promise<BigIntStats> => lstat(file, { bigint: true });
