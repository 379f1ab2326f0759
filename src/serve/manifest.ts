import { z } from 'zod';
import { digestOf, hexOf, isDigest, type Digest } from '../oci/digest.ts';
import { refuse, type Refusal } from './answer.ts';
import { openConfined, readAndClose } from './confined-file.ts';
import { parseJson } from './layout-index.ts';

/** No manifest is larger; distribution-spec lets registries stop at 4 MiB. */
const MAX_MANIFEST_BYTES = 8 * 1024 * 1024;
export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';

const descriptorSchema = z.object({
  mediaType: z.string().nullish(),
  digest: z.string().nullish(),
  size: z.int().nullish(),
});

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

export interface StoredManifest {
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
 * the digest are refused: zot would serve them, with a header that names the digest which they do not have.
 */
export async function readManifest(
  root: string,
  repository: string,
  digest: string,
): Promise<StoredManifest | Refusal | undefined> {
  if (!isDigest(digest)) {
    return refuse(500, 'MANIFEST_INVALID', `an entry in ${repository} has no sha256 digest`);
  }
  const file = await openConfined(root, blobPath(repository, digest));
  if (!file) return undefined;
  const bytes = await readAndClose(file, MAX_MANIFEST_BYTES);
  if (!bytes)
    return refuse(500, 'MANIFEST_INVALID', `${digest} in ${repository} is too large for a manifest`);
  if (digestOf(bytes) !== digest) {
    return refuse(
      500,
      'MANIFEST_INVALID',
      `${digest} in ${repository} is damaged: its bytes have another digest`,
    );
  }
  const parsed = manifestSchema.safeParse(parseJson(bytes));
  return parsed.success
    ? { digest, bytes, fields: parsed.data }
    : refuse(500, 'MANIFEST_INVALID', `${digest} in ${repository} is no manifest`);
}
