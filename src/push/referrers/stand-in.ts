import { z } from 'zod';
import type { Digest } from '../../oci/digest.ts';
import { jsonIn } from '../../text/json-in.ts';
import { OCI_INDEX } from '../../oci/media-type.ts';

/** A referrer as an index of them lists it (distribution-spec, Listing Referrers). */
export interface ReferrerEntry {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly artifactType?: string | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

const indexSchema = z.looseObject({ manifests: z.array(z.unknown()).nullable() });
const annotatedSchema = z.looseObject({ annotations: z.record(z.string(), z.string()).nullish() });

/**
 * The index under the tag that stands in for a list of referrers, with more of them. What others have written into it stays.
 * Pure.
 * @param there what is under the tag; undefined where nothing is
 * @returns undefined where that is no index
 */
export function withReferrers(
  there: Uint8Array | undefined,
  entries: readonly ReferrerEntry[],
): Uint8Array | undefined {
  const empty = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] };
  const parsed = indexSchema.safeParse(there === undefined ? empty : jsonIn(there));
  if (!parsed.success) return undefined;
  const index = { ...parsed.data, manifests: [...(parsed.data.manifests ?? []), ...entries] };
  return new TextEncoder().encode(JSON.stringify(index));
}

/** The annotations of a manifest, which its entry repeats. */
export function annotationsOf(manifest: Uint8Array): Pick<ReferrerEntry, 'annotations'> {
  const annotations = annotatedSchema.safeParse(jsonIn(manifest)).data?.annotations ?? undefined;
  return annotations === undefined ? {} : { annotations };
}
