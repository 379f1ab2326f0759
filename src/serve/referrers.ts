import { OCI_INDEX, OCI_MANIFEST } from '../oci/media-type.ts';
import type { IndexEntry } from './tree/layout-index.ts';
import { type ManifestFields, readManifest, type RegistryTree } from './tree/manifest.ts';
import { isRefusal, refuse, type Refusal } from './response.ts';

interface ReferrerDescriptor extends Omit<IndexEntry, 'tag'> {
  readonly artifactType?: string;
  readonly annotations?: Record<string, string>;
}

/**
 * The manifests of a repository whose `subject` is this digest (distribution-spec, "Listing Referrers"), optionally
 * of some artifact types alone. As with zot every entry of index.json is read, so one whose blob is missing fails
 * the whole call; a missing repository has no referrers.
 */
export async function listReferrers(
  tree: RegistryTree,
  name: string,
  subject: string,
  artifactTypes: readonly string[],
): Promise<readonly ReferrerDescriptor[] | Refusal> {
  const index = await tree.readIndex(name);
  if (!index) return [];
  if (isRefusal(index)) return index;
  const referrers: ReferrerDescriptor[] = [];
  const seen = new Set([subject]);
  for (const entry of index.entries) {
    if (seen.has(entry.digest)) continue;
    seen.add(entry.digest);
    const manifest = await readManifest(tree.files, name, entry.digest);
    if (!manifest) {
      const message = `${entry.digest} is listed in ${name}'s index.json, but its blob is missing`;
      return refuse(404, 'MANIFEST_UNKNOWN', message);
    }
    if (isRefusal(manifest)) return manifest;
    if (manifest.fields.subject?.digest !== subject) continue;
    const referrer = describe(entry, manifest.fields);
    if (referrer && (artifactTypes.length === 0 || artifactTypes.includes(referrer.artifactType ?? ''))) {
      referrers.push(referrer);
    }
  }
  return referrers;
}

/** Only OCI types can have a subject. */
function describe(entry: IndexEntry, fields: ManifestFields): ReferrerDescriptor | undefined {
  const { mediaType, digest, size } = entry;
  if (mediaType !== OCI_MANIFEST && mediaType !== OCI_INDEX) return undefined;
  const fallback = mediaType === OCI_MANIFEST ? fields.config?.mediaType : undefined;
  const artifactType = fields.artifactType || fallback || undefined;
  return {
    mediaType,
    digest,
    size,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(fields.annotations ? { annotations: fields.annotations } : {}),
  };
}
