import type { LockedImage } from '../lock/index.ts';
import { OciSaveError } from '../errors.ts';
import { bringBlob, type ManifestBytes, type ManifestReader, type ReadPort } from '../image/index.ts';
import { MAX_CONFIG_BYTES, parseConfig } from '../oci/config.ts';
import { type Digest, digestOf, isDigest, shortDigest } from '../oci/digest.ts';
import { type ImageManifest, parseManifest } from '../oci/manifest.ts';
import { isDockerType } from '../oci/media-type.ts';
import type { Platform } from '../oci/platform.ts';
import { subjectOfCosignTag } from '../oci/referrer.ts';
import { convertIndex, convertManifest } from '../oci/rewrite.ts';
import type { Store } from '../store/index.ts';
import { describe, type ResolvedImage } from './describe.ts';
import { keepEmbedded } from './embedded.ts';
import { type ManifestTree, type TreeNode, treeOf } from './node.ts';
import { readTree } from './tree.ts';
import type { WantedImage } from './wanted.ts';

export interface ResolveOptions {
  readonly store: Store;
  readonly manifests: ManifestReader;
  readonly onMissingPlatform: 'fail' | 'warn';
  readonly index: 'auto' | 'keep' | 'narrow';
  readonly format: 'keep' | 'oci';
  readonly retries: number;
  readonly signal?: AbortSignal | undefined;
  /** How long a storage of this machine may be silent; 15 minutes by default. */
  readonly patienceMilliseconds?: number | undefined;
}

/**
 * Resolves one image: its digest by HEAD where a tag names it, its manifests by GET only where the store does not have
 * those bytes. Every manifest enters the store as it was served.
 */
export async function resolveImage(
  image: WantedImage,
  reference: string,
  content: ReadPort,
  options: ResolveOptions,
): Promise<ResolvedImage> {
  const notes: string[] = [];
  // What cosign stores looks like an image, and has no platform.
  const isCosigns = subjectOfCosignTag(reference) !== undefined;
  const wanted: WantedImage = isCosigns ? { ...image, platforms: 'all' } : image;
  const { locked } = wanted;
  const platforms = {
    choice: wanted.platforms,
    onMissing: options.onMissingPlatform,
    takes: locked && takenBy(locked),
  };
  const served = await readTree(await readTop(reference, content, options), platforms, {
    manifest: (child) => options.manifests.read(child, content, options.signal),
    embedded: (descriptors, from) => keepEmbedded(descriptors, from, options.store),
    configPlatform: (manifest) => readConfigPlatform(manifest, content, options),
    note: (message) => notes.push(message),
  });
  const { tree, converted } =
    options.format === 'oci' ? convertTree(served) : { tree: served, converted: new Map() };
  if (wanted.pin !== undefined && converted.size > 0)
    notes.push('it was pinned by digest, and converting changes that');
  return describe({ wanted, content, tree, served: served.top, converted, notes, options });
}

/**
 * A manifest that is named by digest and stored is read from no source: its repository is asked for it by HEAD only where
 * it is hidden because it came with credentials. For a tag, the digest of HEAD counts only if an
 * earlier GET of that tag had it: registries have been seen to claim the digest of a child or of another tag, and both may
 * be in the store.
 */
async function readTop(
  reference: string,
  content: ReadPort,
  { store, manifests, signal }: ResolveOptions,
): Promise<ManifestBytes> {
  const isHere = isDigest(reference) && !store.origins.hides(reference);
  const claim = isHere ? undefined : await content.head?.(reference, signal);
  if (claim !== undefined) store.origins.reach(content.name);
  if (isDigest(reference)) {
    const pinned = await manifests.read(reference, content, signal);
    if (pinned.claimed !== undefined) throw otherClaim(content.name, reference, pinned.claimed);
    return pinned;
  }
  const key = store.served.keyOf(content.name, reference);
  if (claim !== undefined && claim.digest === store.served.get(key)) {
    const stored = await manifests.stored(claim.digest);
    if (stored !== undefined) return stored;
  }
  const manifest = await manifests.fetch(reference, content, signal);
  await store.served.set(key, manifest.digest);
  return manifest;
}

/** Who pins an image wants it from a registry that agrees. */
function otherClaim(source: string, digest: Digest, claimed: Digest): OciSaveError {
  return new OciSaveError({
    code: 'digest',
    message: `${source}@${shortDigest(digest)}: its registry sent the bytes that were pinned, and says that the digest is ${shortDigest(claimed)}`,
    hint: 'A proxy may mix up its cache: ask who runs the registry, or fetch the image from elsewhere.',
  });
}

async function readConfigPlatform(
  manifest: ImageManifest,
  source: ReadPort,
  { store, retries, signal }: ResolveOptions,
): Promise<Platform> {
  const { digest, size } = manifest.config;
  const read = (): Promise<Uint8Array | undefined> => store.read(digest, MAX_CONFIG_BYTES);
  let bytes = await read();
  if (bytes === undefined) {
    await bringBlob(source, { digest, size }, store, { retries, signal });
    bytes = await read();
  }
  if (bytes === undefined) {
    const message = `config ${shortDigest(digest)} is missing in the store, or is damaged`;
    throw new OciSaveError({ code: 'local', message, hint: 'Run it again: what was fetched stays.' });
  }
  if (bytes.length !== size) {
    const message = `it says that config ${shortDigest(digest)} has ${size} bytes; it has ${bytes.length}`;
    throw new OciSaveError({ code: 'digest', message });
  }
  return parseConfig(bytes, manifest).platform;
}

/**
 * The tree with Docker's manifests and lists as OCI ones. Blobs keep their bytes, manifests get new digests. `converted`
 * maps old digests to new ones; it is empty where nothing was Docker's.
 */
function convertTree({ top }: ManifestTree): {
  tree: ManifestTree;
  converted: ReadonlyMap<Digest, Digest>;
} {
  const converted = new Map<Digest, Digest>();

  const convert = (node: TreeNode): TreeNode => {
    const pairs = node.children.map((old) => ({ old, now: convert(old) }));
    const children = pairs.map(({ now }) => now);
    const bytes = convertedBytes(node, pairs);
    if (bytes === node.bytes) return { ...node, children };
    const digest = digestOf(bytes);
    converted.set(node.digest, digest);
    return { ...node, digest, bytes, children, manifest: parseManifest(bytes) };
  };

  /** After all is converted: an attestation may be listed before that to which it belongs. */
  const renamed = (node: TreeNode): TreeNode => ({
    ...node,
    children: node.children.map(renamed),
    attests: node.attests.map((attested) => converted.get(attested) ?? attested),
  });

  return { tree: treeOf(renamed(convert(top))), converted };
}

function convertedBytes(
  { manifest, bytes }: TreeNode,
  children: readonly { readonly old: TreeNode; readonly now: TreeNode }[],
): Uint8Array {
  const childChanged = children.some(({ old, now }) => now.digest !== old.digest);
  if (!isDockerType(manifest.mediaType) && !childChanged) return bytes;
  if (manifest.kind === 'manifest') return convertManifest(manifest);
  const byOld = new Map(
    children.map(({ old, now }) => {
      const { mediaType } = now.manifest;
      return [old.digest, { mediaType, digest: now.digest, size: now.bytes.length }] as const;
    }),
  );
  return convertIndex(manifest, byOld);
}

/** Which manifests of its source a locked image has: those that are its leaves, or were converted to them. */
function takenBy({ leaves, converted = {} }: LockedImage): (digest: Digest) => boolean {
  const digests = new Set<string>(leaves.map(({ digest }) => digest));
  return (digest) => digests.has(converted[digest] ?? digest);
}
