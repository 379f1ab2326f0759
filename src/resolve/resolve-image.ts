import { bringBlob, type ContentSource } from '../image/index.ts';
import { OciSaveError } from '../errors.ts';
import { MAX_CONFIG_BYTES, parseConfig } from '../oci/config.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, isDigest, shortDigest } from '../oci/digest.ts';
import { MAX_MANIFEST_BYTES } from '../oci/manifest.ts';
import type { Platform, PlatformChoice } from '../oci/platform.ts';
import type { Store } from '../store/index.ts';
import { convertTree } from './convert-tree.ts';
import { describe, type ResolvedImage } from './describe.ts';
import { readTree } from './tree.ts';
import type { WantedImage } from './wanted.ts';

export interface ResolveOptions {
  readonly store: Store;
  readonly index: 'auto' | 'keep' | 'narrow';
  readonly format: 'keep' | 'oci';
  readonly retries: number;
  readonly signal?: AbortSignal | undefined;
}

/** Cosign stores signatures under such tags; they look like images and have no platform. */
const COSIGN_TAG = /^sha256-[0-9a-f]{64}\.(sig|att|sbom)$/;

/**
 * Resolves one image: its digest by HEAD where a tag names it, its manifests by GET only where the store has not got
 * those bytes.
 * Every manifest enters the store as it was served.
 */
export async function resolveImage(
  wanted: WantedImage,
  reference: string,
  source: ContentSource,
  options: ResolveOptions,
): Promise<ResolvedImage> {
  const notes: string[] = [];
  const choice: PlatformChoice = COSIGN_TAG.test(reference) ? 'all' : wanted.platforms;
  const { digest, bytes } = await readTop(reference, source, options);
  const served = await readTree(digest, bytes, choice, {
    manifest: async (child) => (await readManifest(child, source, options)).bytes,
    configPlatform: ({ config }) => readConfigPlatform(config, source, options),
    note: (message) => notes.push(message),
  });
  const { tree, converted } =
    options.format === 'oci' ? convertTree(served) : { tree: served, converted: new Map() };
  if (wanted.pin !== undefined && converted.size > 0)
    notes.push('it was pinned by digest, and converting changes that');
  return describe({ wanted, tree, converted, notes, options });
}

/**
 * A digest names bytes: where the store has them, nobody is asked. For a tag, HEAD is believed where it says what a
 * manifest that was read has shown: registries have been seen to claim the digest of a child or of another tag, and both
 * may be in the store.
 */
async function readTop(
  reference: string,
  source: ContentSource,
  options: ResolveOptions,
): Promise<{ digest: Digest; bytes: Uint8Array }> {
  if (isDigest(reference)) return readManifest(reference, source, options);
  const { store, signal } = options;
  const key = store.served.keyOf(source.name, reference);
  const claim = await source.head(reference, signal);
  if (claim !== undefined && claim.digest === store.served.get(key)) {
    const bytes = await store.read(claim.digest, MAX_MANIFEST_BYTES);
    if (bytes) return { digest: claim.digest, bytes };
  }
  const manifest = await source.manifest(reference, signal);
  await store.served.set(key, manifest.digest);
  return manifest;
}

async function readManifest(
  digest: Digest,
  source: ContentSource,
  { store, signal }: ResolveOptions,
): Promise<{ digest: Digest; bytes: Uint8Array }> {
  const bytes = await store.read(digest, MAX_MANIFEST_BYTES);
  return bytes ? { digest, bytes } : source.manifest(digest, signal);
}

async function readConfigPlatform(
  { digest, size }: Descriptor,
  source: ContentSource,
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
