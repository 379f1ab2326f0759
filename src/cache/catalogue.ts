import { z } from 'zod';
import { OciSaveError } from '../errors.ts';
import { type Digest, digestOf, digestSchema } from '../oci/digest.ts';
import { byText } from '../text/by-text.ts';
import { packHex } from './keys.ts';
import type { Pack } from './packing.ts';

/** What one scope has in the cache: small content itself, and which pack holds each blob. */
export interface Catalogue {
  /** Manifests and configs, exact bytes: with them a run resolves without one GET. */
  readonly contents: ReadonlyMap<Digest, Uint8Array>;
  readonly packs: readonly Pack[];
  /** The digests that tags had when they were read, by a hash of their names: used only where a HEAD confirms them. */
  readonly served: ReadonlyMap<string, Digest>;
}

export const EMPTY: Catalogue = { contents: new Map(), packs: [], served: new Map() };

/** Bytes of an encoded catalogue: a thousand images have about ten million. */
export const MAX_CATALOGUE_BYTES = 64 * 1024 * 1024;

/** A larger config is a blob like any other. */
export const MAX_CONTENT_BYTES = 1024 * 1024;

/** In base64 they take a third more, and leave room for the rest. */
const MAX_CONTENTS_BYTES = 40 * 1024 * 1024;
const MAX_PACKS = 1000;

/** Manifests, configs and blobs that a catalogue names together; a thousand images have some twenty thousand. */
const MAX_NAMED = 200_000;

/** Damaged entries of one pack, one after another. */
const MAX_FORM = 1000;

const hex = z.string().regex(/^[0-9a-f]{64}$/);
const catalogueSchema = z.strictObject({
  version: z.literal(2),
  contents: z.record(digestSchema, z.base64()),
  packs: z
    .array(
      z.strictObject({
        form: z.int().nonnegative().max(MAX_FORM),
        blobs: z.record(digestSchema, z.int().nonnegative()),
      }),
    )
    .max(MAX_PACKS),
  served: z.record(hex, digestSchema),
});

function sorted<K extends string, V>(entries: Iterable<readonly [K, V]>): (readonly [K, V])[] {
  return [...entries].toSorted(([a], [b]) => byText(a, b));
}

/** The bytes of a catalogue: the same for the same content in any order. */
export function encodeCatalogue({ contents, packs, served }: Catalogue): Uint8Array {
  const written = {
    version: 2,
    contents: Object.fromEntries(
      sorted(contents).map(([digest, bytes]) => [digest, Buffer.from(bytes).toString('base64')]),
    ),
    packs: packs
      .toSorted((a, b) => byText(a.hex, b.hex))
      .map(({ form, blobs }) => ({ form, blobs: Object.fromEntries(sorted(blobs)) })),
    served: Object.fromEntries(sorted(served)),
  };
  return new TextEncoder().encode(JSON.stringify(written));
}

/**
 * Reads an untrusted catalogue: content gets the digest that its bytes have, packs the name that their blobs give.
 * @throws OciSaveError `digest` where it is not a catalogue
 */
export function decodeCatalogue(bytes: Uint8Array): Catalogue {
  const { contents, packs, served } = parse(bytes);
  const read = Object.values(contents).map((text) => {
    const content = Buffer.from(text, 'base64');
    return [digestOf(content), content] as const;
  });
  return {
    contents: new Map(read),
    packs: packs.map(({ form, blobs: sizes }) => {
      const blobs = new Map(Object.entries(sizes).map(([key, size]) => [digestSchema.parse(key), size]));
      return { hex: packHex(blobs.keys()), form, blobs };
    }),
    served: new Map(Object.entries(served)),
  };
}

function parse(bytes: Uint8Array): z.infer<typeof catalogueSchema> {
  try {
    if (!isReadable(bytes)) throw new SyntaxError('it names too much');
    return catalogueSchema.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
  } catch (cause) {
    if (!(cause instanceof SyntaxError || cause instanceof TypeError || cause instanceof z.ZodError))
      throw cause;
    throw new OciSaveError({
      code: 'digest',
      message: 'it is not a catalogue',
      cause,
    });
  }
}

/** Whether a catalogue can be read again: not where it would take memory or time far beyond its own size to parse. */
export function isReadable(bytes: Uint8Array): boolean {
  if (bytes.length > MAX_CATALOGUE_BYTES) return false;
  let [opened, commas] = [0, 0];
  for (const byte of bytes) {
    if (byte === 0x7b || byte === 0x5b) opened += 1;
    else if (byte === 0x2c) commas += 1;
  }
  return opened <= 2 * MAX_PACKS + 4 && commas <= MAX_NAMED;
}

/** Contents as far as they fit, small ones first: what is left out costs a GET. */
export function boundedContents(contents: Iterable<readonly [Digest, Uint8Array]>): Map<Digest, Uint8Array> {
  let bytes = 0;
  return new Map(
    [...contents]
      .toSorted(([a, x], [b, y]) => x.length - y.length || byText(a, b))
      .filter(([, content]) => (bytes += content.length) <= MAX_CONTENTS_BYTES),
  );
}
