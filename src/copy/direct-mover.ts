import { bringBlob, type ReadPort } from '../image/index.ts';
import { OciSaveError } from '../errors.ts';
import { type Digest, shortDigest } from '../oci/digest.ts';
import type { ResolvedImage } from '../resolve/index.ts';
import { formatBytes } from '../text/bytes.ts';
import type { Copying } from './context.ts';
import type { MissingBlob } from './division.ts';
import { stopsTheRun } from './failure.ts';

/** Addresses of a foreign layer that a message names. */
const MAX_ADDRESSES = 4;

/**
 * Fetches one blob by our own client, from the first repository that serves it. Throws the first repository's error
 * where all fail.
 */
export async function bringDirectly(
  blob: MissingBlob,
  images: readonly ResolvedImage[],
  context: Copying,
): Promise<void> {
  const { store, retries, signal, emit } = context;
  let refusal: OciSaveError | undefined;
  const { ref: image, wanted } = images[0] ?? {};
  const message = `fetching ${formatBytes(blob.size)}, ${shortDigest(blob.digest)}`;
  emit({ type: 'log', level: 'debug', message, image });
  for (const { made } of images) {
    const bytes = made.get(blob.digest);
    // Marked when it was made.
    if (bytes !== undefined) return void (await store.put(bytes, blob.digest));
  }
  for (const { source, isManifest } of sourcesOf(images, blob.digest)) {
    try {
      // Registries keep manifests apart from blobs, and many do not serve them as such.
      if (isManifest) {
        const { bytes } = await source.manifest(blob.digest, signal);
        return void (await store.put(bytes, await source.origin?.()));
      }
      await bringBlob(source, blob, store, {
        retries,
        signal,
        onBytes: (delta) => emit({ type: 'bytes', stage: 'copy', delta }),
        onRetry: (message) =>
          emit({ type: 'log', level: 'warning', message, image, origins: wanted?.origins }),
      });
      return;
    } catch (error) {
      if (!(error instanceof OciSaveError) || stopsTheRun(error)) throw error;
      // Another repository that names the blob may serve the right bytes.
      refusal ??= blob.foreign ? foreignLayerError(blob, error) : error;
    }
  }
  const nowhere = `no image in this run has blob ${shortDigest(blob.digest)}`;
  throw refusal ?? new OciSaveError({ code: 'local', message: nowhere });
}

interface BlobSource {
  readonly source: ReadPort;
  /** Whether an image from there has the blob as a manifest. */
  readonly isManifest: boolean;
}

function sourcesOf(images: readonly ResolvedImage[], digest: Digest): Iterable<BlobSource> {
  const sources = new Map<string, BlobSource>();
  for (const { content, manifests } of images) {
    const isManifest = manifests.has(digest);
    if (content !== undefined) sources.set(`${content.name} ${isManifest}`, { source: content, isManifest });
  }
  return sources.values();
}

function foreignLayerError(blob: MissingBlob, cause: OciSaveError): OciSaveError {
  const place = blob.urls.slice(0, MAX_ADDRESSES).join(' or ') || 'an address, since it names none';
  return new OciSaveError({
    code: cause.code,
    message: `foreign layer ${shortDigest(blob.digest)} is neither in the registry nor at ${place}: ${cause.message}`,
    hint: 'Its publisher serves it elsewhere or no longer; the image cannot be used without it.',
    cause,
  });
}
