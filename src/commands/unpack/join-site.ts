import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { LOCK_FILE, planTree, SUMS_FILE, sumsIn } from '../../bundle/index.ts';
import { OciSaveError, systemCodeOf } from '../../errors.ts';
import {
  digestOfLock,
  encodeLock,
  type Lock,
  mergeLocks,
  parseLock,
  storedRepository,
  taggedDigest,
} from '../../lock/index.ts';
import { digestOf, hexOf, poolHexIn } from '../../oci/digest.ts';
import { diskError } from '../../store/index.ts';
import { renderBundlePage } from '../../view/index.ts';
import { manifestsIn } from '../verify/manifests.ts';
import { holdSite, STAGING } from './hold-site.ts';
import { refuseObstacles } from './obstacles.ts';
import { placeFiles } from './place-files.ts';
import { readArchive } from './read-archive.ts';
import {
  BOTH_VIEWS,
  otherLayout,
  readSite,
  refuseUnexplained,
  type ServedSite,
  siteFolder,
} from './served-site.ts';
import type { Joined, UnpackIo, UnpackReport } from './unpack-report.ts';
import type { Written } from './write-entries.ts';

/**
 * Joins an archive's bundle to the one that a site serves. The archive is read once, into a folder at the site: only blobs
 * that are not there take room. Then the blobs take their names, and each index.json, so that no pull is disturbed; what
 * was cut off is finished by running it again.
 * @throws OciSaveError `usage` or `machine` where nothing was changed, `local` where the disk fails meanwhile
 */
export async function joinSite(
  { archive, site: given }: { readonly archive: readonly string[]; readonly site: string },
  io: UnpackIo,
): Promise<UnpackReport> {
  const folder = await siteFolder(given);
  const held = await holdSite(folder);
  const staging = path.join(folder, STAGING);
  let isBegun = false;
  try {
    const site = await readSite(folder, io);
    isBegun = site.unfinished !== undefined;
    if (!isBegun) await rm(staging, { recursive: true, force: true });
    await mkdir(staging, { recursive: true, mode: 0o755 });
    const isThere = (name: string): boolean => site.observed.entries.has(name);
    const { written, report } = await readArchive(
      {
        archive,
        folder: staging,
        site: folder,
        isWanted: (name) => poolHexIn(name) !== undefined && !isThere(name),
      },
      io,
    );
    if (report.outcome === 'damaged') return report;
    const newer = lockOf(written, report.archive);
    if (site.unfinished !== undefined && site.unfinished !== hexOf(digestOf(newer.bytes)))
      throw otherUnfinished(folder);
    const joined = mergeLocks(site.lock, newer.lock);
    if (isBegun) refuseUnexplained(site, joined);
    const names = newNames(site.lock, newer.lock);
    if (!isBegun && encodesSame(joined, site))
      return { ...report, joined: { ...names, blobs: 0, bytes: 0, copies: 0 } };
    const manifests = new Map([
      ...manifestsIn(site.observed, joined),
      ...manifestsIn(written.observed, joined),
    ]);
    const tree = planTree(joined, manifests, BOTH_VIEWS, renderBundlePage);
    await refuseObstacles(tree, folder, isThere);
    io.signal?.throwIfAborted();
    await begin(staging, newer.bytes);
    isBegun = true;
    const placed = await placeFiles(tree, { site: folder, staging, isThere, superseded: kitFilesOf(site) });
    await rm(staging, { recursive: true, force: true });
    isBegun = false;
    return {
      ...report,
      images: joined.images.length,
      lock: digestOfLock(joined),
      joined: { ...names, ...placed },
    };
  } catch (error) {
    throw isBegun ? goesOn(error, folder) : (diskError(error, folder) ?? error);
  } finally {
    if (!isBegun) await rm(staging, { recursive: true, force: true });
    await held.release();
  }
}

/** Files of the older bundle's kit, as its sums name them: the kit is the newer one's. */
function kitFilesOf({ observed }: ServedSite): string[] {
  const sums = sumsIn(new TextDecoder().decode(observed.kept.get(SUMS_FILE)));
  return [...sums.keys()].filter((name) => name.startsWith('kit/') && observed.entries.has(name));
}

function lockOf({ observed }: Written, archive: string): { readonly bytes: Uint8Array; readonly lock: Lock } {
  const bytes = observed.kept.get(LOCK_FILE);
  if (bytes === undefined) throw otherLayout(archive);
  return { bytes, lock: parseLock(bytes, `${archive}: ${LOCK_FILE}`) };
}

const encodesSame = (joined: Lock, { observed }: ServedSite): boolean =>
  Buffer.from(encodeLock(joined)).equals(observed.kept.get(LOCK_FILE) ?? new Uint8Array());

/** From here on a join that is cut off has to be finished: the same archive is known by its lock. */
async function begin(staging: string, newer: Uint8Array): Promise<void> {
  const place = path.join(staging, 'newer');
  await writeFile(`${place}.part`, `${hexOf(digestOf(newer))}\n`);
  await rename(`${place}.part`, place);
}

function newNames(older: Lock, newer: Lock): Pick<Joined, 'added' | 'moved' | 'registries'> {
  const had = new Map(
    older.images.flatMap((image) => image.names.map((name) => [name, taggedDigest(image)] as const)),
  );
  const named = newer.images.flatMap((image) =>
    image.names.map((name) => ({ name, digest: taggedDigest(image) })),
  );
  const [before, after] = [older, newer].map(
    ({ images }) => new Set(images.flatMap(({ names }) => names.map(registryOf))),
  );
  return {
    added: named.flatMap(({ name }) => (had.has(name) ? [] : [name])).toSorted(),
    moved: named
      .flatMap(({ name, digest }) => ((had.get(name) ?? digest) === digest ? [] : [name]))
      .toSorted(),
    registries: [...(after ?? [])].filter((registry) => before?.has(registry) !== true).toSorted(),
  };
}

const registryOf = (stored: string): string => storedRepository(stored).split('/')[0] ?? '';

function otherUnfinished(folder: string): OciSaveError {
  return new OciSaveError({
    code: 'machine',
    message: `a join of another bundle into ${folder} was cut off`,
    hint: `Run that one again first: the one whose lock has the sha256 in ${path.join(folder, STAGING, 'newer')}.`,
  });
}

/** Part of the new bundle is there, and none of the old one is lost. */
function goesOn(error: unknown, folder: string): unknown {
  if (error instanceof OciSaveError && (error.code === 'usage' || error.code === 'machine')) return error;
  const code = systemCodeOf(error);
  if (code === undefined) return error;
  return new OciSaveError({
    code: 'local',
    message: `${folder} could not be written (${code})`,
    hint: 'All that was served is served on. Run it again when there is room: it goes on from here.',
    cause: error,
  });
}
