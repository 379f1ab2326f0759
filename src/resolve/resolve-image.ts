import { bringBlob, type ReadPort, type ManifestBytes, type ManifestReader } from '../image/index.ts';
import { OciSaveError } from '../errors.ts';
import { MAX_CONFIG_BYTES, parseConfig } from '../oci/config.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { isDigest, shortDigest } from '../oci/digest.ts';
import type { Platform, PlatformChoice } from '../oci/platform.ts';
import type { Store } from '../store/index.ts';
import { convertTree } from './convert-tree.ts';
import { describe, type ResolvedImage } from './describe.ts';
import { readTree } from './tree.ts';
import type { WantedImage } from './wanted.ts';

export interface ResolveOptions {
  readonly store: Store;
  readonly manifests: ManifestReader;
  readonly index: 'auto' | 'keep' | 'narrow';
  readonly format: 'keep' | 'oci';
  readonly retries: number;
  readonly signal?: AbortSignal | undefined;
}

/** Cosign stores signatures under such tags; they look like images and have no platform. */
const COSIGN_TAG = /^sha256-[0-9a-f]{64}\.(sig|att|sbom)$/;

/**
 * Resolves one image: its digest by HEAD where a tag names it, its manifests by GET only where the store does not have
 * those bytes. Every manifest enters the store as it was served.
 */
export async function resolveImage(
  wanted: WantedImage,
  reference: string,
  content: ReadPort,
  options: ResolveOptions,
): Promise<ResolvedImage> {
  const notes: string[] = [];
  const choice: PlatformChoice = COSIGN_TAG.test(reference) ? 'all' : wanted.platforms;
  const served = await readTree(await readTop(reference, content, options), choice, {
    manifest: (child) => options.manifests.read(child, content, options.signal),
    configPlatform: ({ config }) => readConfigPlatform(config, content, options),
    note: (message) => notes.push(message),
  });
  const { tree, converted } =
    options.format === 'oci' ? convertTree(served) : { tree: served, converted: new Map() };
  if (wanted.pin !== undefined && converted.size > 0)
    notes.push('it was pinned by digest, and converting changes that');
  return describe({ wanted, content, tree, converted, notes, options });
}

/**
 * A digest names bytes: where the store has them, no source is asked. For a tag, HEAD is believed where it says what a
 * manifest that was read has shown: registries have been seen to claim the digest of a child or of another tag, and both
 * may be in the store.
 */
async function readTop(
  reference: string,
  content: ReadPort,
  { store, manifests, signal }: ResolveOptions,
): Promise<ManifestBytes> {
  if (isDigest(reference)) return manifests.read(reference, content, signal);
  const key = store.served.keyOf(content.name, reference);
  const claim = await content.head(reference, signal);
  if (claim !== undefined && claim.digest === store.served.get(key)) {
    const stored = await manifests.stored(claim.digest);
    if (stored !== undefined) return stored;
  }
  const manifest = await manifests.fetch(reference, content, signal);
  await store.served.set(key, manifest.digest);
  return manifest;
}

async function readConfigPlatform(
  { digest, size }: Descriptor,
  source: ReadPort,
  { store, retries, signal }: ResolveOptions,
): Promise<Platform> {
  const read = (): Promise<Uint8Array | undefined> => store.read(digest, MAX_CONFIG_BYTES);
  let bytes = await read();
  if (bytes === undefined) {
    await bringBlob(source, { digest, size }, store, { retries, signal });
    bytes = await read();
  }
  if (bytes === undefined) {
    const message = `config ${shortDigest(digest)} has gone from the store, or is damaged`;
    throw new OciSaveError({ code: 'local', message, hint: 'Run it again: what was fetched stays.' });
  }
  if (bytes.length !== size) {
    const message = `it says that config ${shortDigest(digest)} has ${size} bytes; it has ${bytes.length}`;
    throw new OciSaveError({ code: 'digest', message });
  }
  return parseConfig(bytes).platform;
}
