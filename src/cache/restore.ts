import pLimit from 'p-limit';
import { OciSaveError } from '../errors.ts';
import { formatCount } from '../text/bytes.ts';
import type { Digest, BlobSize } from '../oci/digest.ts';
import type { Store } from '../store/index.ts';
import type { CacheContext, IncomingFile, ReadOutcome, Taken } from './port.ts';
import { deletion, packFolder, packKey } from './keys.ts';
import { bytesAllowed, type Pack } from './packing.ts';

/** The result of restoring packs. */
export interface Restoration {
  readonly restored: ReadonlySet<Digest>;
  /** Packs that are gone, or damaged: no later run has to ask for them. */
  readonly lost: ReadonlySet<string>;
  /** Of these, packs whose entries are there and wrong: the form of each. They are saved in another one. */
  readonly spoilt: ReadonlyMap<string, number>;
}

/** After this many failures of one cause the sources are faster than more attempts. */
const FAILURES_OF_A_CAUSE = 2;

/** `is too slow: 5000 bytes in 20 s`, `ended after 5000 of 9000 bytes`: the cause is the same with other amounts. */
const AMOUNT = /\b(?:\d+ of )?\d+ bytes\b/g;

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
  const spoilt = new Map<string, number>();
  const wanted = wantedOf(packs, missing);
  if (wanted.length === 0) return { restored, lost, spoilt };
  const { emit, signal, trouble } = context;
  emit({ type: 'stage', stage: 'restore', total: wanted.length });
  const limit = pLimit(PACKS_AT_ONCE);

  const failures = new Map<string, number>();
  let givenUp = false;
  const fail = (short: string, reason: string): void => {
    trouble(`pack ${short} cannot be read from the cache: ${reason}`);
    const cause = reason.replaceAll(AMOUNT, '… bytes');
    const count = (failures.get(cause) ?? 0) + 1;
    failures.set(cause, count);
    if (count < FAILURES_OF_A_CAUSE || givenUp) return;
    givenUp = true;
    trouble('nothing more is read from the cache: what is missing is fetched from its source');
  };

  const restore = async ({ pack, blobs }: WantedPack): Promise<void> => {
    signal?.throwIfAborted();
    const short = pack.hex.slice(0, 12);
    const end = (outcome: 'done' | 'failed'): void =>
      emit({ type: 'step', stage: 'restore', subject: `pack ${short}`, outcome });
    if (givenUp) return end('failed');
    const { outcome, landed, wrong } = await readPack(pack, blobs, context);
    signal?.throwIfAborted();
    for (const digest of landed) restored.add(digest);
    if (outcome.kind === 'miss') {
      emit({ type: 'log', level: 'info', message: `pack ${short} is no longer in the cache` });
      lost.add(pack.hex);
    }
    const fault = faultOf(outcome, wrong, blobs.size - landed.size);
    if (fault !== undefined) {
      trouble(`pack ${short} in the cache ${fault}: it is replaced; ${deletion(packKey(pack))}`);
      spoilt.set(pack.hex, pack.form);
      lost.add(pack.hex);
    } else if ('reason' in outcome) fail(short, outcome.reason);
    end(landed.size === blobs.size ? 'done' : 'failed');
  };
  await Promise.all(wanted.map((one) => limit(() => restore(one))));
  return { restored, lost, spoilt };
}

/** What is wrong with an entry itself, as the end of a sentence; undefined where nothing is, or it could not be read. */
function faultOf(outcome: ReadOutcome, wrong: number, lacking: number): string | undefined {
  if (wrong > 0) return `holds ${formatCount(wrong, 'file')} that it must not`;
  if (outcome.kind === 'damaged') return `is damaged (${outcome.reason})`;
  if (outcome.kind === 'hit' && lacking > 0) return `lacks ${formatCount(lacking, 'blob')}`;
  return undefined;
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
    key: packKey(pack),
    match: 'exact',
    folder: packFolder(pack),
    maxBytes: bytesAllowed(pack, blobs),
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
