import { Readable } from 'node:stream';
import { OciSaveError } from '../errors.ts';
import { isSparse, type Lock, type LockedImage, taggedDigest } from '../lock/index.ts';
import { type Digest, isDigest, shortDigest } from '../oci/digest.ts';
import { parseManifest } from '../oci/manifest.ts';
import type { Content } from './image.ts';
import { findManifest, readManifestsAt } from './manifests.ts';
import { narrow, type Taken } from './narrow.ts';
import { type LocalPort, openRange } from './read-port.ts';

/** Reads the images of a lock where no run resolved them. Throws `digest` where a manifest is missing or damaged. */
export async function readContent(lock: Lock, port: LocalPort): Promise<Content> {
  const whole = await withRoots(lock, port);
  return { lock, manifests: await readManifestsAt(lock, whole), port: whole };
}

/**
 * The port with the narrowed indexes that a bundle of the zot view alone lacks: they stand under no name there, and are
 * made again of what does.
 */
async function withRoots(lock: Lock, port: LocalPort): Promise<LocalPort> {
  const made = new Map<Digest, Uint8Array>();
  for (const image of lock.images) {
    if (!isSparse(image) || (await findManifest(image.root, port)) !== undefined) continue;
    const leaves = new Set(image.leaves.map(({ digest }) => digest));
    const top = await takenBelow(taggedDigest(image), { lock, port, leaves, known: new Map() });
    const root = top === undefined ? undefined : narrow(top);
    if (root?.digest !== image.root) throw cannotNarrow(image);
    for (const [digest, bytes] of root.made) made.set(digest, bytes);
  }
  return made.size === 0 ? port : withMade(port, made);
}

interface TakenManifest extends Taken<TakenManifest> {}

interface Search {
  readonly lock: Lock;
  readonly port: LocalPort;
  readonly leaves: ReadonlySet<Digest>;
  readonly known: Map<Digest, TakenManifest | undefined>;
}

/** A manifest with what its image took below it; undefined where it took nothing. */
async function takenBelow(digest: Digest, search: Search): Promise<TakenManifest | undefined> {
  const { lock, port, leaves, known } = search;
  if (known.has(digest)) return known.get(digest);
  const found = Object.hasOwn(lock.blobs, digest) ? await findManifest(digest, port) : undefined;
  let taken: TakenManifest | undefined;
  if (found?.manifest.kind === 'manifest' && leaves.has(digest)) {
    taken = { digest, bytes: found.bytes, children: [], absent: 0 };
  } else if (found?.manifest.kind === 'index') {
    const { manifests, faulty } = found.manifest;
    const digests = new Set(manifests.map((child) => child.digest));
    const children: TakenManifest[] = [];
    for (const child of digests) {
      const below = await takenBelow(child, search);
      if (below !== undefined) children.push(below);
    }
    const absent = digests.size - children.length + faulty.length;
    taken = children.length === 0 ? undefined : { digest, bytes: found.bytes, children, absent };
  }
  known.set(digest, taken);
  return taken;
}

function withMade(port: LocalPort, made: ReadonlyMap<Digest, Uint8Array>): LocalPort {
  const range: LocalPort['range'] = (blob, start, end) => {
    const bytes = made.get(blob.digest);
    return bytes === undefined ? port.range(blob, start, end) : Readable.from([bytes.subarray(start, end)]);
  };
  return {
    ...port,
    range,
    open: openRange({ range }),
    async has(blob) {
      const bytes = made.get(blob.digest);
      return bytes === undefined ? port.has(blob) : bytes.length === blob.size;
    },
    async manifest(reference) {
      const digest = isDigest(reference) ? reference : undefined;
      const bytes = digest && made.get(digest);
      return digest && bytes ? { digest, bytes, manifest: parseManifest(bytes) } : port.manifest(reference);
    },
  };
}

function cannotNarrow({ ref, root }: LockedImage): OciSaveError {
  return new OciSaveError({
    code: 'digest',
    message: `${ref}: the index ${shortDigest(root)}, which stands in where a sparse one is refused, is missing`,
    hint: 'Save it again: what is whole is not fetched again.',
  });
}
