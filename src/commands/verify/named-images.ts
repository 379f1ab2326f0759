import { z } from 'zod';
import { jsonIn } from '../../text/json-in.ts';

const indexSchema = z.looseObject({
  manifests: z.array(
    z.looseObject({
      mediaType: z.string(),
      digest: z.string(),
      size: z.int(),
      // Each program takes the name from another one.
      annotations: z.record(z.string(), z.string()).optional(),
    }),
  ),
});

const dockerSchema = z.array(
  z.looseObject({
    Config: z.string(),
    RepoTags: z.array(z.string()).nullish(),
    Layers: z.array(z.string()).nullish(),
  }),
);

/** The files at the top of a bundle from which runtimes take the names of images. */
const READERS: Readonly<Record<string, (bytes: Uint8Array | undefined) => readonly unknown[] | undefined>> = {
  'index.json': (bytes) =>
    indexSchema
      .safeParse(jsonIn(bytes))
      .data?.manifests.map(({ mediaType, digest, size, annotations = {} }) => [
        mediaType,
        digest,
        size,
        Object.entries(annotations).toSorted(([a], [b]) => (a < b ? -1 : 1)),
      ]),
  'manifest.json': (bytes) =>
    dockerSchema
      .safeParse(jsonIn(bytes))
      .data?.flatMap(({ Config, RepoTags, Layers }) =>
        (RepoTags ?? []).map((name) => [name, Config, Layers]),
      ),
};

/** Whether such a file, in whatever form another version wrote it, names other images than the one of this version. */
export function namesOtherThings(path: string, bytes: Uint8Array | undefined, own: Uint8Array): boolean {
  const reader = READERS[path];
  if (reader === undefined) return false;
  const named = (from: Uint8Array | undefined): string | undefined =>
    reader(from)
      ?.map((entry) => JSON.stringify(entry))
      .toSorted()
      .join('\n');
  const there = named(bytes);
  return there === undefined || there !== named(own);
}
