import { OciSaveError } from '../errors.ts';
import { allUnchanged, type UnchangedImage } from '../need/index.ts';
import type { Digest } from '../oci/digest.ts';
import { findPushed, type FoundName } from '../publish/push/index.ts';
import type { PushTargetReport } from '../report/index.ts';
import type { LockedImage } from '../lock/index.ts';
import type { SaveOptions } from '../options.ts';
import type { ResolvedImage, WantedImage } from '../resolve/index.ts';
import type { Run } from './run.ts';

/** A run with nothing to do, and what its targets were found to have. */
export interface Unchanged {
  readonly images: readonly UnchangedImage[];
  readonly push: readonly PushTargetReport[];
}

/** Images asked for at once: one round trip each, at the source and at every target. */
const IMAGES_AT_ONCE = 32;

/** Whether a run makes nothing but what its push targets get. */
function onlyPushes({ options, places, release }: Run): boolean {
  return (
    options.push.length > 0 &&
    places.output === undefined &&
    places.archive === undefined &&
    release === undefined &&
    !options.dryRun
  );
}

/**
 * Whether a run that only pushes has nothing to push, by HEAD requests alone. Undefined where it has, or where it takes
 * more to tell: conversions and narrowed indexes have other digests at a target than at the source.
 */
export async function findUnchanged(run: Run): Promise<Unchanged | undefined> {
  const { options, wanted, session, io } = run;
  if (!onlyPushes(run) || options.format !== 'keep' || options.index === 'narrow') return undefined;
  const began = performance.now();
  const found: { readonly ref: string; readonly digest: Digest; readonly at: FoundName }[] = [];
  const refs = new Map(wanted.flatMap(({ ref, names }) => names.map(({ name }) => [name, ref] as const)));
  const images = await allUnchanged(wanted, {
    head: (image) => headOf(image, run),
    async isEverywhere(name, digest) {
      const there = await findPushed([{ name, digests: [digest] }], options.push, session.client, io.signal);
      const ref = refs.get(name.slice(0, name.lastIndexOf(':'))) ?? name;
      found.push(...there.map((at) => ({ ref, digest, at })));
      return there.every((at) => at.there);
    },
    parallel: IMAGES_AT_ONCE,
    signal: io.signal,
  });
  if (images === undefined) return undefined;
  const seconds = (performance.now() - began) / 1000;
  return {
    images,
    push: options.push.map((target) => {
      const names = found
        .filter(({ at }) => at.target.text === target.text)
        .toSorted((a, b) => (a.at.to.text < b.at.to.text ? -1 : 1));
      return {
        target: target.text,
        outcome: 'done',
        images: names.map(({ ref, digest, at: { name, to } }) => ({
          ref,
          name,
          as: to.text,
          digest,
          status: 'unchanged',
          there: digest,
        })),
        failed: [],
        totals: { ...NO_TRAFFIC, unchanged: names.length },
        seconds,
      };
    }),
  };
}

const NO_TRAFFIC = {
  pushed: 0,
  unchanged: 0,
  kept: 0,
  failed: 0,
  sentBlobs: 0,
  sentBytes: 0,
  mountedBlobs: 0,
  thereBlobs: 0,
};

/** What a source refuses is told by the usual way of the run, which asks again. */
async function headOf(
  { source, pin }: WantedImage,
  { session, io }: Run,
): Promise<{ digest: Digest; mediaType: string } | undefined> {
  if (source.transport !== 'docker') return undefined;
  const { reference } = source;
  try {
    return await session.client.headManifest(reference, pin ?? reference.tag ?? 'latest', io.signal);
  } catch (error) {
    io.signal?.throwIfAborted();
    if (error instanceof OciSaveError) return undefined;
    throw error;
  }
}

/**
 * The images of which blobs are needed: where a run only pushes, those that some target has not. With a cache around
 * the store all are, since the cache keeps what its list names.
 */
export async function neededImages(
  images: readonly ResolvedImage[],
  run: Run,
): Promise<readonly ResolvedImage[]> {
  const { options, session, io } = run;
  if (!onlyPushes(run) || io.remoteCache !== undefined) return images;
  const names = images.flatMap(({ image }) =>
    image.names.map((name) => ({ name, digests: acceptable(image, options.index) })),
  );
  const found = await findPushed(names, options.push, session.client, io.signal);
  const lacking = new Set(found.filter(({ there }) => !there).map(({ name }) => name));
  return images.filter(({ image }) => image.names.some((name) => lacking.has(name)));
}

/** What a target may have under an image's name, as pushing sees it. */
function acceptable({ digest, root }: LockedImage, index: SaveOptions['index']): Digest[] {
  if (index === 'keep') return [digest];
  return index === 'narrow' ? [root] : [digest, root];
}
