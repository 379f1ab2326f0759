import {
  type ArchiveName,
  digestOfSums,
  isSplit,
  type MeasuredArchive,
  parsePartsList,
  partsListName,
  piecesOf,
  wholeName,
} from '../archive/index.ts';
import { type Lock, parseLock } from '../lock/index.ts';
import { type Digest, digestOf, isDigest } from '../oci/digest.ts';
import { isSame, placeOf, type SentFile } from './plan.ts';
import { readAsset } from './service/read-asset.ts';
import { filesBeside, lockName, recordName } from './release-files.ts';
import type { Asset, Release, ReleaseService } from './service/service.ts';

/** What a release has of one archive, by its own files. */
export interface Released {
  readonly lock: Lock;
  readonly archive: MeasuredArchive;
  /** The digest of its sums, which identifies the archive to the last byte. */
  readonly sums: Digest;
  /** `report.json` of the run that sent it. */
  readonly report: Uint8Array;
  readonly files: readonly SentFile[];
}

export interface ReleasedQuery {
  readonly service: Pick<ReleaseService, 'assets' | 'read'>;
  readonly release: Release;
  readonly archive: ArchiveName;
  readonly partSize: number;
  /** The page of a lock. */
  readonly pageOf: (lock: Lock) => string;
}

/**
 * The archive that a release has, if every file of it is there, whole, as this tool would make it from the release's own
 * lock. Small files are read; for the archive the service's own digests count. Undefined where anything differs.
 * @throws OciSaveError what the service refused, or `usage` for a lock that is not one
 */
export async function findReleased({
  service,
  release,
  archive: archiveName,
  partSize,
  pageOf,
}: ReleasedQuery): Promise<Released | undefined> {
  const assets = new Map((await service.assets(release)).map((asset) => [asset.name, asset]));
  const read = async (file: string): Promise<Uint8Array | undefined> => readAsset(assets.get(file), service);
  const lockFile = lockName(archiveName);
  const record = assets.get(recordName(archiveName));
  const [lockBytes, report] = await Promise.all([read(lockFile), readAsset(record, service)]);
  if (lockBytes === undefined || report === undefined || record === undefined) return undefined;
  const archive = await archiveIn(assets, archiveName, partSize, read);
  if (archive === undefined) return undefined;
  const lock = parseLock(lockBytes, `${lockFile} of release ${release.tag}`);
  const pieces = archive.pieces.map(({ name, size, digest }) => ({ name, size, digest, record: false }));
  const files = [...pieces, ...filesBeside(archive, lock, pageOf(lock))];
  if (!files.every((file) => isSame(file, assets.get(file.name)))) return undefined;
  const there = [...files, { name: record.name, size: record.size, digest: digestOf(report) }];
  return {
    lock,
    archive,
    sums: digestOfSums(archive),
    report,
    files: there.map(({ name, size, digest }) => ({
      name,
      size,
      digest,
      status: 'there',
      ...placeOf(assets.get(name)),
    })),
  };
}

/** The archive and its pieces as the release describes them; the comparison with its files shows whether that is true. */
async function archiveIn(
  assets: ReadonlyMap<string, Asset>,
  name: ArchiveName,
  partSize: number,
  read: (file: string) => Promise<Uint8Array | undefined>,
): Promise<MeasuredArchive | undefined> {
  const whole = assets.get(wholeName(name));
  if (whole !== undefined) return wholeArchive(whole, name, partSize);
  const bytes = await read(partsListName(name));
  const list = bytes === undefined ? undefined : parsePartsList(Buffer.from(bytes).toString('utf8'));
  if (list === undefined) return undefined;
  const { size, digest } = list.archive;
  const digests = new Map(list.parts.map((part) => [part.name, part.digest]));
  const pieces = piecesOf(size, name, partSize).flatMap((piece) => {
    const own = digests.get(piece.name);
    return own === undefined ? [] : [{ ...piece, digest: own }];
  });
  return pieces.length === list.parts.length ? { name, size, digest, pieces } : undefined;
}

function wholeArchive(
  { size, digest }: Asset,
  name: ArchiveName,
  partSize: number,
): MeasuredArchive | undefined {
  if (digest === null || !isDigest(digest)) return undefined;
  const pieces = piecesOf(size, name, partSize).map((piece) => ({ ...piece, digest }));
  return isSplit({ pieces }) ? undefined : { name, size, digest, pieces };
}
