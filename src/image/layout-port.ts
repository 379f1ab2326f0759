import { z } from 'zod';
import { OciSaveError } from '../errors.ts';
import { blobPath, isDigest, shortDigest } from '../oci/digest.ts';
import { type Descriptor, type IndexEntries, readEntries } from '../oci/descriptor.ts';
import { readJson } from '../oci/json.ts';
import { checkedChunks } from '../store/index.ts';
import { filesIn, holdsBlob, type ImageFiles, manifestAt } from './image-files.ts';
import { checkOffset, missingManifest, type ReadPort, REF_NAME } from './read-port.ts';

const MAX_INDEX_BYTES = 64 * 1024 * 1024;
const indexSchema = z.looseObject({ manifests: z.array(z.unknown()).nullish() });

/** An OCI layout as a source of images; it is read and never written. */
export interface Layout extends ReadPort {
  /** The one entry that `name` means: that name, or the only entry. Throws `list`, listing the names. */
  find(name: string | undefined): Descriptor;
}

/** The name of an image in a layout: the full one that containerd writes, else the one of the specification. */
export function nameOfEntry(entry: Descriptor): string | undefined {
  return entry.annotations?.['io.containerd.image.name'] ?? entry.annotations?.[REF_NAME];
}

/**
 * Opens the layout in `folder`.
 * @param within real folders that each of its files must lie in, links followed; anywhere, where they are left out
 * @throws OciSaveError `list` where there is no layout, `local` for what is not a regular file, or lies elsewhere
 */
export function openLayout(folder: string, within?: readonly string[]): Promise<Layout> {
  return layoutOf(filesIn(folder, 'layout', within));
}

/** The layout that files make. Throws `list` where they make none. */
export async function layoutOf(files: ImageFiles): Promise<Layout> {
  const folder = files.name;
  const { manifests: entries, faulty } = await readIndex(files);

  const find = (name: string | undefined): Descriptor => {
    const named = entries.filter(
      (entry) => name === undefined || nameOfEntry(entry) === name || entry.annotations?.[REF_NAME] === name,
    );
    const [only, ...others] = named;
    if (only && others.every(({ digest }) => digest === only.digest)) return only;
    const [wrong] = only === undefined ? faulty : [];
    const names = entries.map((entry) => nameOfEntry(entry) ?? shortDigest(entry.digest)).slice(0, 20);
    throw new OciSaveError({
      code: 'list',
      message:
        (name === undefined
          ? `the layout ${folder} holds ${entries.length} images`
          : `the layout ${folder} holds ${only ? 'several images' : 'no image'} named '${name}'`) +
        (wrong === undefined ? '' : `; what it lists is not valid: ${wrong.fault}`),
      hint: names.length === 0 ? 'It is empty.' : `Name one of: ${names.join(', ')}.`,
    });
  };

  const names = new Set(entries.flatMap((entry) => nameOfEntry(entry) ?? []));

  return {
    name: folder,
    find,
    has: (blob) => holdsBlob(files, blobPath(blob.digest), blob),
    list: async () => entries,
    tags: async () => [...names].toSorted(),
    async manifest(reference) {
      if (!isDigest(reference) && !names.has(reference)) throw missingManifest(folder, reference);
      const digest = isDigest(reference) ? reference : find(reference).digest;
      return manifestAt(files, blobPath(digest), digest);
    },
    async open(blob, offset) {
      checkOffset(blob, offset);
      const body = files.from(blobPath(blob.digest), offset);
      if (offset > 0) return { offset, body };
      return { offset, body: checkedChunks(body, `${folder}, ${blobPath(blob.digest)}`, blob) };
    },
  };
}

async function readIndex(files: ImageFiles): Promise<IndexEntries> {
  const unreadable = (why: string, cause?: unknown): OciSaveError =>
    new OciSaveError({
      code: 'list',
      message: `${files.name} is not an OCI layout: its index.json cannot be read${why}`,
      cause,
    });
  let bytes: Uint8Array;
  try {
    bytes = await files.whole('index.json', MAX_INDEX_BYTES);
  } catch (cause) {
    if (cause instanceof OciSaveError && cause.code !== 'not-found') throw cause;
    throw unreadable('', cause);
  }
  const json = readJson(bytes);
  if ('fault' in json) throw unreadable(`: ${json.fault}`);
  const index = indexSchema.safeParse(json.value);
  if (!index.success) throw unreadable(': it does not have the fields of an index');
  // An entry that is not a valid descriptor names no image that could be asked for.
  return readEntries(index.data.manifests ?? []);
}
