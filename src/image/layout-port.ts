import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { z } from 'zod';
import { OciSaveError } from '../errors.ts';
import { exists, openRegularFile, unlessGone } from '../files/index.ts';
import { blobPath } from '../oci/blob-path.ts';
import { digestOf, isDigest, shortDigest } from '../oci/digest.ts';
import { type Descriptor, type IndexEntries, readEntries } from '../oci/descriptor.ts';
import { readJson } from '../oci/json.ts';
import { MAX_MANIFEST_BYTES, parseManifest } from '../oci/manifest.ts';
import { checkedChunks } from '../store/index.ts';
import { checkOffset, missingManifest, type ReadPort, REF_NAME } from './read-port.ts';

const MAX_INDEX_BYTES = 64 * 1024 * 1024;
const indexSchema = z.looseObject({ manifests: z.array(z.unknown()).nullish() });

/** An OCI layout as a source of images; it is read and never written. */
export interface Layout extends ReadPort {
  /** The one entry that `name` means: that name, or the only entry. Throws `list`, listing the names. */
  find(name: string | undefined): Descriptor;
}

export function nameOfEntry(entry: Descriptor): string | undefined {
  return entry.annotations?.['io.containerd.image.name'] ?? entry.annotations?.[REF_NAME];
}

/** The files of a layout, in a folder or in an archive, by their paths with slashes. */
export interface LayoutFiles {
  /** How messages name the layout. */
  readonly name: string;
  has(file: string): Promise<boolean>;
  /** @throws OciSaveError `not-found` where it is missing, `unsupported` where it is larger */
  whole(file: string, maxBytes: number): Promise<Uint8Array>;
  /** The bytes from `start` on. Throws as `whole` where it is missing. */
  from(file: string, start: number): AsyncIterable<Uint8Array>;
}

/**
 * Opens the layout in `folder`.
 * @param within real folders that each of its files must lie in, links followed; anywhere, where they are left out
 * @throws OciSaveError `list` where there is no layout, `local` for what is not a regular file, or lies elsewhere
 */
export function openLayout(folder: string, within?: readonly string[]): Promise<Layout> {
  const at = (file: string): string => path.join(folder, ...file.split('/'));
  return layoutOf({
    name: folder,
    has: (file) => exists(at(file)),
    whole: (file, maxBytes) => readWhole(at(file), maxBytes, within),
    from: (file, start) => readFrom(at(file), start, within),
  });
}

/** The layout that files make. Throws `list` where they make none. */
export async function layoutOf(files: LayoutFiles): Promise<Layout> {
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
    async has({ digest, size }) {
      const file = blobPath(digest);
      if (!(await files.has(file))) return false;
      const hash = createHash('sha256');
      let bytes = 0;
      for await (const chunk of files.from(file, 0)) {
        hash.update(chunk);
        bytes += chunk.length;
      }
      return bytes === size && `sha256:${hash.digest('hex')}` === digest;
    },
    list: async () => entries,
    tags: async () => [...names].toSorted(),
    async manifest(reference) {
      if (!isDigest(reference) && !names.has(reference)) throw missingManifest(folder, reference);
      const digest = isDigest(reference) ? reference : find(reference).digest;
      const bytes = await files.whole(blobPath(digest), MAX_MANIFEST_BYTES);
      if (digestOf(bytes) !== digest) {
        throw new OciSaveError({
          code: 'digest',
          message: `${folder}: manifest ${shortDigest(digest)} is damaged`,
        });
      }
      return { bytes, digest, manifest: parseManifest(bytes) };
    },
    async open(blob, offset) {
      checkOffset(blob, offset);
      const body = files.from(blobPath(blob.digest), offset);
      if (offset > 0) return { offset, body };
      return { offset, body: checkedChunks(body, `${folder}, ${blobPath(blob.digest)}`, blob) };
    },
  };
}

async function readIndex(files: LayoutFiles): Promise<IndexEntries> {
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

async function readWhole(
  file: string,
  maxBytes: number,
  within: readonly string[] | undefined,
): Promise<Uint8Array> {
  const handle = await openPresent(file, within);
  // One byte more than allowed tells a large file from an allowed one.
  const bytes = await buffer(handle.createReadStream({ end: maxBytes }));
  if (bytes.length <= maxBytes) return bytes;
  throw new OciSaveError({
    code: 'unsupported',
    message: `${file} is too large: ${maxBytes} bytes are the limit`,
  });
}

async function* readFrom(
  file: string,
  start: number,
  within: readonly string[] | undefined,
): AsyncGenerator<Uint8Array> {
  const handle = await openPresent(file, within);
  yield* handle.createReadStream({ start, highWaterMark: 1024 * 1024 });
}

async function openPresent(file: string, within: readonly string[] | undefined): Promise<FileHandle> {
  const handle = await unlessGone(openRegularFile(file, within));
  if (handle !== undefined) return handle;
  throw new OciSaveError({
    code: 'not-found',
    message: `${file} is missing`,
    hint: 'Copy the layout again: it is not whole.',
  });
}
