import { z } from 'zod';
import { digestOf, hexOf, isDigest, type Digest } from '../../oci/digest.ts';
import { MAX_MANIFEST_BYTES } from '../../oci/manifest.ts';
import { ACCEPTED_MANIFESTS } from '../../oci/media-type.ts';
import { descriptorSchema, type IndexReader, type LayoutIndex, parseJson } from './layout-index.ts';
import { isRefusal, refuse, type Refusal } from '../response.ts';
import type { SoundnessCheck } from './soundness.ts';
import { readAndClose, type TreeFiles } from './tree-files.ts';

/** The tree that is served: its files, and the reader of its index.json files. */
export interface RegistryTree {
  readonly files: TreeFiles;
  readonly readIndex: IndexReader;
  /** Whether all bytes of a blob have its digest. */
  readonly isSound: SoundnessCheck;
}

/** The fields of a manifest or index that a registry looks at, as Go's JSON reader takes them. */
const manifestSchema = z.object({
  artifactType: z.string().nullish(),
  config: descriptorSchema.nullish(),
  layers: z.array(descriptorSchema).nullish(),
  manifests: z.array(descriptorSchema).nullish(),
  subject: descriptorSchema.nullish(),
  annotations: z.record(z.string(), z.string()).nullish(),
});

export type ManifestFields = z.infer<typeof manifestSchema>;
export type DescriptorFields = z.infer<typeof descriptorSchema>;

interface StoredManifest {
  readonly digest: Digest;
  readonly bytes: Uint8Array;
  readonly fields: ManifestFields;
}

/** Where a repository has the blob of a sha256 digest, relative to the root. */
export function blobPath(repository: string, digest: Digest): string {
  return `${repository}/blobs/sha256/${hexOf(digest)}`;
}

/**
 * Reads a manifest from its repository's own blobs; undefined where it is not there. Bytes that do not hash to
 * the digest are refused: zot would serve them, with a header that names the digest that they do not have.
 */
export async function readManifest(
  files: TreeFiles,
  repository: string,
  digest: string,
): Promise<StoredManifest | Refusal | undefined> {
  if (!isDigest(digest)) return invalid(`an entry in ${repository} has no sha256 digest`);
  const file = await files.open(blobPath(repository, digest));
  if (!file) return undefined;
  const bytes = await readAndClose(file, MAX_MANIFEST_BYTES);
  if (!bytes) return invalid(`${digest} in ${repository} is too large for a manifest`);
  if (digestOf(bytes) !== digest)
    return invalid(`${digest} in ${repository} is damaged: its bytes have another digest`);
  const parsed = manifestSchema.safeParse(parseJson(bytes));
  if (!parsed.success) return invalid(`${digest} in ${repository} is not a manifest`);
  return { digest, bytes, fields: parsed.data };
}

function invalid(message: string): Refusal {
  return refuse(500, 'MANIFEST_INVALID', message);
}

interface ServedManifest extends Pick<StoredManifest, 'digest' | 'bytes'> {
  readonly mediaType: string;
}

/** A repository's index, or the refusal that fits its absence. */
export async function requireIndex(tree: RegistryTree, name: string): Promise<LayoutIndex | Refusal> {
  return (await tree.readIndex(name)) ?? refuse(404, 'NAME_UNKNOWN', `no repository ${name}`);
}

/**
 * Finds a manifest by tag or digest as zot does: the first entry of the repository's index.json that has this
 * digest or tag, and nothing else. The child of an index without its own entry is not found, though its
 * blob is there. Its type is what index.json says, also where the body says something else.
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
  const manifest = await readManifest(tree.files, name, digest);
  if (!manifest) return unknownManifest(name, reference);
  if (isRefusal(manifest)) return manifest;
  // It becomes the Content-Type, and a browser would run a page; zot sends whatever is there, even nothing.
  if (!ACCEPTED_MANIFESTS.includes(mediaType))
    return invalid(`the entry of ${digest} in ${name} does not have the mediaType of a manifest`);
  return { bytes: manifest.bytes, digest: manifest.digest, mediaType };
}

function unknownManifest(name: string, reference: string): Refusal {
  return refuse(404, 'MANIFEST_UNKNOWN', `${name} has no entry for ${reference}, or not its blob`);
}
