import type { Digest } from '../oci/digest.ts';
import { isRefusal, refuse, type Refusal } from './answer.ts';
import type { IndexReader, LayoutIndex } from './layout-index.ts';
import { readManifest } from './manifest.ts';

/** The tree that is served: its true path, and the reader of its index.json files. */
export interface RegistryTree {
  readonly root: string;
  readonly readIndex: IndexReader;
}

export interface ServedManifest {
  readonly bytes: Uint8Array;
  readonly digest: Digest;
  readonly mediaType: string;
}

// RFC 6838, 4.2, without parameters, which distribution-spec advises against. It goes into a header.
const MEDIA_TYPE = /^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}\/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}$/;

/** A repository's index, or the refusal that fits its absence. */
export async function requireIndex(tree: RegistryTree, name: string): Promise<LayoutIndex | Refusal> {
  return (await tree.readIndex(name)) ?? refuse(404, 'NAME_UNKNOWN', `no repository ${name}`);
}

/**
 * Finds a manifest by tag or digest as zot does: the first entry of the repository's index.json that has this
 * digest or tag, and nothing else. The child of an index that has no entry of its own is not found, though its
 * blob is there. Its type is what index.json says, whatever the body calls itself.
 */
export async function findManifest(
  tree: RegistryTree,
  name: string,
  reference: string,
): Promise<ServedManifest | Refusal> {
  const index = await requireIndex(tree, name);
  if (isRefusal(index)) return index;
  const entry = index.byReference.get(reference);
  if (!entry) return unknownManifest(name, reference);
  const { digest, mediaType } = entry;
  const manifest = await readManifest(tree.root, name, digest);
  if (!manifest) return unknownManifest(name, reference);
  if (isRefusal(manifest)) return manifest;
  // zot would send an empty Content-Type, with which clients fail in ways of their own.
  if (!MEDIA_TYPE.test(mediaType)) {
    return refuse(500, 'MANIFEST_INVALID', `the entry of ${digest} in ${name} has no usable mediaType`);
  }
  return { bytes: manifest.bytes, digest: manifest.digest, mediaType };
}

function unknownManifest(name: string, reference: string): Refusal {
  return refuse(404, 'MANIFEST_UNKNOWN', `${name} has no entry for ${reference}, or not its blob`);
}
