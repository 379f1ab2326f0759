import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { type ManifestBytes, openLayout } from '../../image/index.ts';
import { OciSaveError } from '../../errors.ts';
import { readBounded } from '../../files/index.ts';
import { parseConfig } from '../../oci/config.ts';
import { type Digest, digestOf, hexOf, shortDigest } from '../../oci/digest.ts';
import {
  blobsOf,
  type ImageManifest,
  MAX_MANIFEST_BYTES,
  parseImageManifest,
  parseManifest,
} from '../../oci/manifest.ts';
import type { ProcessResult } from '../../process.ts';
import {
  copyWithSkopeo,
  inspectRaw,
  LAYOUT,
  type LocalImage,
  POOL,
  poolOf,
  type SkopeoTools,
  whileItGrows,
} from '../../skopeo/index.ts';
import type { Origin, Store } from '../../store/index.ts';
import { describe, type ResolvedImage } from '../describe.ts';
import type { ResolveOptions } from '../resolve-image.ts';
import { readTree } from '../tree.ts';
import type { WantedImage } from '../wanted.ts';

/** An image whose layers have no digest as a registry would serve them. */
export interface Convertible {
  /** `a docker archive`, `Docker's daemon`. */
  readonly from: string;
  /** What skopeo is told of it, once `folder` is its working directory. */
  readonly prepare: (folder: string) => Promise<LocalImage>;
  /** Called when skopeo does not need it any more. */
  readonly release?: () => Promise<void>;
  readonly failure: (ref: string, result: ProcessResult) => OciSaveError | Promise<OciSaveError>;
  /** What to do where it is an index, which no storage gives with its images. */
  readonly whenIndex?: string | undefined;
  /**
   * Where what becomes of it is from, if not everybody may have it: a list that may not name this storage does not get it from
   * a shared store by its digest either.
   */
  readonly origin?: Origin | undefined;
  /** The digest that its manifest must have as it is there. */
  readonly digest?: Digest | undefined;
}

/** A converted image: its manifest, and what it was before. */
interface Converted {
  readonly origin: ImageManifest;
  readonly served: ManifestBytes & { readonly manifest: ImageManifest };
}

type Options = ResolveOptions & { readonly store: Pick<Store, 'conversions'> };

/**
 * Converts an image to OCI by skopeo; the lock keeps the image ID and the uncompressed layers' digests. The same image by
 * the same skopeo is converted once: the store knows what it became. All of its blobs are in the store afterwards.
 * @throws OciSaveError as `failure` words it, and `not-found` for another platform than was wanted
 */
export async function resolveConverted(
  wanted: WantedImage,
  convertible: Convertible,
  tools: SkopeoTools,
  options: Options,
): Promise<ResolvedImage> {
  const { origin, served } = await convert(wanted.ref, convertible, tools, options);
  const platforms = { choice: wanted.platforms, onMissing: options.onMissingPlatform };
  const tree = await readTree(served, platforms, {
    // An image without an index has no children.
    manifest: async () => served,
    embedded: async () => {},
    configPlatform: async (manifest) => {
      const { digest } = manifest.config;
      const config = await options.store.read(digest, MAX_MANIFEST_BYTES);
      if (config === undefined) throw lost(digest);
      return parseConfig(config, manifest).platform;
    },
    note: () => {},
  });
  return describe({
    wanted,
    content: undefined,
    tree,
    converted: new Map(),
    notes: [`converted from ${convertible.from} by skopeo ${tools.skopeo.version}`],
    options,
    origin: {
      converted: {},
      imageId: origin.config.digest,
      diffIds: origin.layers.map((layer) => layer.digest),
    },
  });
}

async function convert(
  ref: string,
  { prepare, release, failure, whenIndex, origin: place, digest: wantedDigest }: Convertible,
  { skopeo, environment }: SkopeoTools,
  { store, signal, patienceMilliseconds }: Options,
): Promise<Converted> {
  const folder = path.join(store.runFolder, `local-${randomUUID()}`);
  await mkdir(path.join(folder, POOL), { recursive: true });
  try {
    const local = await prepare(folder);
    const growth = { folders: [folder, environment.temporary], signal, patienceMilliseconds };
    // A file keeps nobody waiting.
    const attended = <T>(work: (ended: AbortSignal | undefined) => Promise<T>): Promise<T> =>
      local.storage === undefined ? work(signal) : whileItGrows(growth, work);
    const inspected = await attended((ended) =>
      inspectRaw({ skopeo, environment, folder, local, signal: ended }),
    );
    if (inspected.exitCode !== 0) throw await failure(ref, inspected);
    const raw = new TextEncoder().encode(inspected.stdout);
    if (wantedDigest !== undefined && digestOf(raw) !== wantedDigest)
      throw otherImage(wantedDigest, digestOf(raw));
    const parsed = parseManifest(raw);
    if (parsed.kind === 'index')
      throw new OciSaveError({
        code: 'unsupported',
        message: `${ref}: it is an index of several images`,
        hint: whenIndex,
      });
    const origin = parseImageManifest(raw);
    if (place !== undefined) store.origins.reach(place.repository);
    const converter = `skopeo ${skopeo.version}`;
    const known = await knownConversion(digestOf(raw), converter, store, signal);
    if (known !== undefined) return { origin, served: known };
    const result = await attended((ended) =>
      copyWithSkopeo({ skopeo, environment, folder, ...local, preserveDigests: false, signal: ended }),
    );
    if (result.exitCode !== 0) throw await failure(ref, result);
    const { digest } = (await openLayout(path.join(folder, LAYOUT))).find(undefined);
    const bytes = await readConverted(folder, digest);
    const manifest = parseImageManifest(bytes);
    for (const blob of blobsOf(manifest))
      await store.adopt(path.join(poolOf(folder), hexOf(blob.digest)), blob, place);
    await store.put(bytes, place);
    await store.conversions.set(digestOf(raw), converter, digest);
    return { origin, served: { digest, bytes, manifest } };
  } finally {
    await release?.();
    await rm(folder, { recursive: true, force: true });
  }
}

function otherImage(wanted: Digest, found: Digest): OciSaveError {
  return new OciSaveError({
    code: 'digest',
    message: `it is pinned by ${shortDigest(wanted)}, and the image there has ${shortDigest(found)}`,
  });
}

/** What an image became earlier, where all of it is in the store and right. */
async function knownConversion(
  origin: Digest,
  converter: string,
  store: Options['store'],
  signal: AbortSignal | undefined,
): Promise<Converted['served'] | undefined> {
  const digest = store.conversions.get(origin, converter);
  const bytes = digest && (await store.read(digest, MAX_MANIFEST_BYTES));
  if (digest === undefined || bytes === undefined) return undefined;
  const manifest = parseImageManifest(bytes);
  for (const blob of blobsOf(manifest)) if (!(await store.verify(blob, signal))) return undefined;
  return { digest, bytes, manifest };
}

async function readConverted(folder: string, digest: Digest): Promise<Uint8Array> {
  const bytes = await readBounded(path.join(poolOf(folder), hexOf(digest)), MAX_MANIFEST_BYTES);
  if (bytes !== undefined) return bytes;
  throw lost(digest);
}

function lost(digest: Digest): OciSaveError {
  return new OciSaveError({
    code: 'local',
    message: `skopeo has not written ${shortDigest(digest)}, which it names`,
  });
}
