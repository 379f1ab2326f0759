import pLimit from 'p-limit';
import { OciSaveError } from '../errors.ts';
import { formatCount } from '../text/bytes.ts';
import type { Digest, BlobSize } from '../oci/digest.ts';
import type { Store } from '../store/index.ts';
import type { CacheContext, IncomingFile, ReadOutcome, Taken } from './port.ts';
import { packFolder, packKey } from './keys.ts';
import { bytesOf, type Pack } from './packing.ts';

/** The result of restoring packs. */
export interface Restoration {
  readonly restored: ReadonlySet<Digest>;
  /** Packs that are gone, or incomplete: no later run has to ask for them. */
  readonly lost: ReadonlySet<string>;
  /** Of these, packs whose entries exist and are wrong: nothing can be saved under their keys. */
  readonly blocked: ReadonlySet<string>;
}

/** More gain nothing: a few streams use all of a runner's disk. */
const PACKS_AT_ONCE = 4;

/** Restores blobs from packs into the store, each hashed while it is written. The others are left to the sources. */
export async function restorePacks(
  packs: readonly Pack[],
  missing: readonly BlobSize[],
  context: CacheContext,
): Promise<Restoration> {
  const restored = new Set<Digest>();
  const lost = new Set<string>();
  const blocked = new Set<string>();
  const wanted = wantedOf(packs, missing);
  if (wanted.length === 0) return { restored, lost, blocked };
  const { emit, signal, trouble } = context;
  emit({ type: 'stage', stage: 'restore', total: wanted.length });
  const limit = pLimit(PACKS_AT_ONCE);

  const restore = async ({ pack, blobs }: WantedPack): Promise<void> => {
    signal?.throwIfAborted();
    const { outcome, landed, wrong } = await readPack(pack, blobs, context);
    signal?.throwIfAborted();
    for (const digest of landed) restored.add(digest);
    const short = pack.hex.slice(0, 12);
    if (wrong > 0) {
      trouble(`pack ${short} in the cache holds ${formatCount(wrong, 'file')} that it must not: refused`);
      blocked.add(pack.hex);
    }
    if (outcome.kind === 'miss') {
      emit({ type: 'log', level: 'info', message: `pack ${short} is no longer in the cache` });
    } else if (outcome.kind !== 'hit') {
      trouble(`pack ${short} cannot be read from the cache: ${outcome.reason}`);
    } else if (landed.size < blobs.size && wrong === 0) {
      trouble(`pack ${short} in the cache lacks ${formatCount(blobs.size - landed.size, 'blob')}`);
      blocked.add(pack.hex);
    }
    if (outcome.kind === 'miss' || blocked.has(pack.hex)) lost.add(pack.hex);
    const result = landed.size === blobs.size ? 'done' : 'failed';
    emit({ type: 'step', stage: 'restore', subject: `pack ${short}`, outcome: result });
  };
  await Promise.all(wanted.map((one) => limit(() => restore(one))));
  return { restored, lost, blocked };
}

interface WantedPack {
  readonly pack: Pack;
  readonly blobs: ReadonlyMap<Digest, number>;
}

/** Which pack is read for which blobs: each blob from one pack, and first from the packs with most missing bytes. */
function wantedOf(packs: readonly Pack[], missing: readonly BlobSize[]): WantedPack[] {
  const left = new Map(missing.map(({ digest, size }) => [digest, size]));
  const gain = ({ blobs }: Pack): number =>
    [...blobs.keys()].reduce((sum, digest) => sum + (left.get(digest) ?? 0), 0);
  const wanted: WantedPack[] = [];
  for (const pack of packs.toSorted((a, b) => gain(b) - gain(a))) {
    const blobs = new Map([...left].filter(([digest]) => pack.blobs.has(digest)));
    if (blobs.size > 0) wanted.push({ pack, blobs });
    for (const digest of blobs.keys()) left.delete(digest);
  }
  return wanted;
}

/** `landed` are the blobs that are in the store now; `wrong` counts the files that the pack must not hold. */
async function readPack(
  pack: Pack,
  blobs: ReadonlyMap<Digest, number>,
  { cache, store, emit, signal }: CacheContext,
): Promise<{ readonly outcome: ReadOutcome; readonly landed: ReadonlySet<Digest>; readonly wrong: number }> {
  const landed = new Set<Digest>();
  let damaged = 0;
  const take = async (file: IncomingFile): Promise<Taken> => {
    const digest: Digest = `sha256:${file.name}`;
    // The catalogue may lie about a size; the manifests, which the wanted sizes come from, do not.
    if (file.size !== (blobs.get(digest) ?? pack.blobs.get(digest))) return 'refused';
    if (!blobs.has(digest) || landed.has(digest)) return 'skipped';
    if (await write(file, { digest, size: file.size }, store)) landed.add(digest);
    else damaged += 1;
    return landed.size === blobs.size ? 'enough' : 'taken';
  };
  const outcome = await cache.read({
    key: packKey(pack.hex),
    match: 'exact',
    folder: packFolder(pack.hex),
    maxBytes: Math.max(bytesOf(pack), bytesOf({ blobs })),
    take,
    onBytes: (delta) => emit({ type: 'bytes', stage: 'restore', delta }),
    signal,
  });
  return { outcome, landed, wrong: damaged + ('refused' in outcome ? outcome.refused : 0) };
}

/** Writes a file into the store; false where its bytes do not match its name. */
async function write({ body }: IncomingFile, blob: BlobSize, store: Store): Promise<boolean> {
  const writer = await store.write(blob, undefined);
  try {
    for await (const chunk of body) await writer.write(chunk);
    await writer.commit();
    return true;
  } catch (error) {
    if (error instanceof OciSaveError && error.code === 'digest') return false;
    throw error;
  } finally {
    await writer.abort();
  }
}
