import { z } from 'zod';
import { digestSchema } from '../oci/digest.ts';
import { jsonIn } from '../text/json-in.ts';
import { wholeName } from './archive-name.ts';
import type { MeasuredArchive } from './measure.ts';

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

/** The list of a cut archive. The same archive and part size give the same bytes. */
export function partsListOf({ name, size, digest, pieces }: MeasuredArchive): PartsList {
  return {
    version: 1,
    archive: { name: wholeName(name), size, digest },
    parts: pieces.map((piece) => ({ name: piece.name, size: piece.size, digest: piece.digest })),
  };
}

export function encodePartsList(list: PartsList): string {
  return `${JSON.stringify(list, null, 2)}\n`;
}

/** Reads a parts list; undefined where the text is none, of whatever kind. */
export function parsePartsList(text: string): PartsList | undefined {
  return partsListSchema.safeParse(jsonIn(text)).data;
}
