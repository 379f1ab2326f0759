import { stat } from 'node:fs/promises';
import { z } from 'zod';
import { readBounded, unlessGone } from '../files/index.ts';
import { type Digest, digestOf, digestSchema, hexOf } from '../oci/digest.ts';
import { jsonIn } from '../text/json-in.ts';
import type { ArchivePiece, MeasuredArchive } from './measure.ts';

const fileSchema = z.strictObject({
  name: z.string().meta({ description: 'of a file beside this one' }),
  size: z.int().nonnegative().meta({ description: 'in bytes' }),
  digest: digestSchema,
});

/** `N.parts.json`, version 1: the parts of an archive in their order, and what they are joined. */
export const partsListSchema = z.strictObject({
  version: z.literal(1),
  archive: fileSchema.meta({ description: 'what the parts are, one after the other' }),
  parts: z.array(fileSchema).min(2),
});

export type PartsList = z.infer<typeof partsListSchema>;

/** Reads a parts list; undefined where the text is not one. */
export function parsePartsList(text: string): PartsList | undefined {
  return partsListSchema.safeParse(jsonIn(text)).data;
}

/** `N.sha256`, as `sha256sum -c` reads it: one line per file beside it. */
export function encodeSums(pieces: readonly Pick<ArchivePiece, 'name' | 'digest'>[]): string {
  return pieces.map(({ name, digest }) => `${hexOf(digest)}  ${name}\n`).join('');
}

/** The digest of an archive's sums: it identifies all its bytes, and how they are divided into files. */
export function digestOfSums({ pieces }: Pick<MeasuredArchive, 'pieces'>): Digest {
  return digestOf(new TextEncoder().encode(encodeSums(pieces)));
}

/** No list or sums of ours are larger: they name a thousand files. */
export const MAX_SIDECAR_BYTES = 1024 * 1024;

/** The text of a list or of sums; empty where there is none, or it is too large for one of ours. */
export async function readSidecar(file: string, within?: readonly string[]): Promise<string> {
  const stats = await unlessGone(stat(file));
  if (stats === undefined || !stats.isFile() || stats.size > MAX_SIDECAR_BYTES) return '';
  return (await readBounded(file, MAX_SIDECAR_BYTES, within))?.toString('utf8') ?? '';
}
