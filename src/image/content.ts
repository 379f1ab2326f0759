import { OciSaveError } from '../errors.ts';
import type { Lock, LockedImage } from '../lock/index.ts';
import { type Digest, digestOf, shortDigest } from '../oci/digest.ts';
import { MAX_MANIFEST_BYTES, parseManifest } from '../oci/manifest.ts';
import { narrowIndex } from '../oci/rewrite.ts';
import type { BlobPool } from '../store/index.ts';
import type { Content } from './image.ts';
import { readManifests } from './manifests.ts';

/** Reads the images of a lock where no run resolved them. Throws `digest` where a manifest is missing or damaged. */
export async function readContent(lock: Lock, pool: BlobPool): Promise<Content> {
  const whole = await withRoots(lock, pool);
  return { lock, manifests: await readManifests(lock, whole), pool: whole };
}

/**
 * The pool with the narrowed indexes that a bundle of the zot view alone lacks: they stand under no name there, and are
 * made again of what does.
 */
async function withRoots(lock: Lock, pool: BlobPool): Promise<BlobPool> {
  const made = new Map<Digest, Uint8Array>();
  for (const image of lock.images) {
    if (image.root === image.digest || (await pool.read(image.root, MAX_MANIFEST_BYTES)) !== undefined)
      continue;
    const leaves = new Set(image.leaves.map(({ digest }) => digest));
    const root = await narrowed(image.digest, { lock, pool, leaves, made });
    if (root?.digest !== image.root) throw cannotNarrow(image);
  }
  return { ...pool, read: async (digest, maxBytes) => made.get(digest) ?? pool.read(digest, maxBytes) };
}

interface Narrowing {
  readonly lock: Lock;
  readonly pool: BlobPool;
  readonly leaves: ReadonlySet<Digest>;
  readonly made: Map<Digest, Uint8Array>;
}

interface Kept {
  readonly digest: Digest;
  readonly size: number;
}

async function narrowed(digest: Digest, narrowing: Narrowing): Promise<Kept | undefined> {
  const { lock, pool, leaves, made } = narrowing;
  const bytes = Object.hasOwn(lock.blobs, digest) ? await pool.read(digest, MAX_MANIFEST_BYTES) : undefined;
  if (bytes === undefined) return undefined;
  const own = { digest, size: bytes.length };
  const manifest = parseManifest(bytes);
  if (manifest.kind === 'manifest') return leaves.has(digest) ? own : undefined;
  const keep = new Map<Digest, Kept>();
  for (const child of manifest.manifests) {
    const kept = await narrowed(child.digest, narrowing);
    if (kept !== undefined) keep.set(child.digest, kept);
  }
  if (keep.size === 0) return undefined;
  if (manifest.manifests.every((child) => keep.get(child.digest)?.digest === child.digest)) return own;
  const less = narrowIndex(bytes, keep);
  made.set(digestOf(less), less);
  return { digest: digestOf(less), size: less.length };
}

function cannotNarrow({ ref, root }: LockedImage): OciSaveError {
  return new OciSaveError({
    code: 'digest',
    message: `${ref}: the index ${shortDigest(root)}, which stands in where a sparse one is refused, is missing`,
    hint: 'Save it again: what is whole is not fetched again.',
  });
}
