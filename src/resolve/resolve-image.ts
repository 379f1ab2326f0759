import { bringBlob, type ContentSource } from '../content/index.ts';
import { OciSaveError } from '../errors.ts';
import { MAX_CONFIG_BYTES, parseConfig } from '../oci/config.ts';
import { type Digest, isDigest } from '../oci/digest.ts';
import { MAX_MANIFEST_BYTES, type Manifest } from '../oci/manifest.ts';
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
  /** False where nothing but manifests may be asked for (a dry run): platforms in configs stay unknown. */
  readonly readConfigs: boolean;
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
    configPlatform: (manifest) => readConfigPlatform(manifest, source, options),
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
  manifest: Manifest,
  source: ContentSource,
  { store, readConfigs, retries, signal }: ResolveOptions,
): Promise<Platform | undefined> {
  if (manifest.kind !== 'manifest' || !readConfigs) return undefined;
  const { config } = manifest;
  if (config.size > MAX_CONFIG_BYTES) {
    throw new OciSaveError({ code: 'unsupported', message: `its config has ${config.size} bytes` });
  }
  if (!(await store.verify(config)))
    await bringBlob(source, { digest: config.digest, size: config.size }, store, { retries, signal });
  const bytes = await store.read(config.digest, MAX_CONFIG_BYTES);
  return bytes === undefined ? undefined : parseConfig(bytes).platform;
}
