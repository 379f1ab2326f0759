import { z } from 'zod';
import { jsonIn } from '../text/json-in.ts';
import { REF_NAME } from './layout-index.ts';

/** One entry of an index.json, as whoever wrote it last left it. */
export interface LayoutEntry {
  readonly digest: string;
  readonly tag: string | undefined;
}

const indexSchema = z.looseObject({
  manifests: z
    .array(z.looseObject({ digest: z.string(), annotations: z.record(z.string(), z.unknown()).nullish() }))
    .nullable(),
});

/**
 * What an index.json names, whatever else it says and however it is written; undefined where it is no such file. zot writes
 * `null` where there are no entries.
 */
export function parseLayoutEntries(bytes: Uint8Array): LayoutEntry[] | undefined {
  const parsed = indexSchema.safeParse(jsonIn(bytes));
  if (!parsed.success) return undefined;
  return (parsed.data.manifests ?? []).map(({ digest, annotations }) => {
    const tag = annotations?.[REF_NAME];
    return { digest, tag: typeof tag === 'string' ? tag : undefined };
  });
}
