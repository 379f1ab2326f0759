import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { OciSaveError } from '../errors.ts';
import { digestOf, type Digest } from '../oci/digest.ts';
import type { LayoutIndex } from './tree/layout-index.ts';
import { blobPath, type DescriptorFields, readManifest, type RegistryTree } from './tree/manifest.ts';
import { isRefusal, refuse, type Refusal, type StreamedBody } from './response.ts';
import type { OpenFile, TreeFiles } from './tree/tree-files.ts';

/** A blob up to here is hashed before anything of it is sent. */
const SMALL_BYTES = 256 * 1024;
const EMPTY = digestOf(new Uint8Array());

/** A blob of a repository, open. Its receiver closes it, whether it was read or not. */
export interface OpenBlob {
  readonly digest: Digest;
  readonly file: OpenFile;
}

/**
 * Opens a blob in its repository's own blobs folder alone. As with zot, an empty file counts as absent, except under
 * the digest of nothing.
 */
export async function openBlob(
  files: TreeFiles,
  name: string,
  digest: Digest,
): Promise<OpenBlob | undefined> {
  const file = await files.open(blobPath(name, digest));
  if (!file) return undefined;
  if (file.size > 0 || digest === EMPTY) return { digest, file };
  await file.close();
  return undefined;
}

/** zot's check of HEAD and Range requests: a blob whose size is not the one in its descriptor is not there. */
export async function checkSize(
  tree: RegistryTree,
  name: string,
  blob: OpenBlob,
): Promise<Refusal | undefined> {
  const index = await tree.readIndex(name);
  if (!index || isRefusal(index)) return undefined;
  const expected = await describedSize(tree.files, name, index, blob.digest);
  if (expected === undefined || expected === blob.file.size) return undefined;
  const message = `${blob.digest} in ${name} does not have the size that its descriptor gives`;
  return refuse(404, 'BLOB_UNKNOWN', message);
}

/**
 * The size that a repository's descriptors give for a blob: the first one found in index.json, in the manifests
 * that it lists, and in those below its indexes. Undefined where no descriptor names the blob. zot calls a blob of another
 * size missing (pkg/storage/imagestore, CheckBlob).
 */
async function describedSize(
  files: TreeFiles,
  repository: string,
  index: LayoutIndex,
  digest: string,
): Promise<number | undefined> {
  const seen = new Set<string>();
  const pending: Pick<DescriptorFields, 'digest' | 'size'>[] = [...index.entries];
  for (let next = pending.shift(); next; next = pending.shift()) {
    if (next.digest === digest) return next.size ?? 0;
    if (!next.digest || seen.has(next.digest)) continue;
    seen.add(next.digest);
    const manifest = await readManifest(files, repository, next.digest);
    // What is absent or damaged describes nothing; its own request says so.
    if (!manifest || isRefusal(manifest)) continue;
    const { config, layers, manifests } = manifest.fields;
    const blob = [config, ...(layers ?? [])].find((part) => part?.digest === digest);
    if (blob) return blob.size ?? 0;
    pending.push(...(manifests ?? []));
  }
  return undefined;
}

/** Bytes `start` to `end` of a blob, both included: the caller has made sure that the whole of it is sound. */
export function partOf({ file }: OpenBlob, start: number, end: number): StreamedBody {
  return {
    size: end - start + 1,
    chunks: () => file.read(start, end),
    close: () => file.close(),
  };
}

/**
 * A whole blob, hashed while it is sent. Its last chunk is held back until the digest is known: a damaged blob
 * ends in a broken connection, never in a download that looks complete.
 */
export function wholeOf({ file, digest }: OpenBlob): StreamedBody {
  return {
    size: file.size,
    chunks: () => verified(file.read(0, file.size - 1), digest),
    close: () => file.close(),
  };
}

/** A blob that fits into one chunk, hashed before anything is sent; larger ones give undefined. */
export async function smallBlob({ file, digest }: OpenBlob): Promise<Uint8Array | Refusal | undefined> {
  if (file.size > SMALL_BYTES) return undefined;
  const bytes = await buffer(file.read(0, file.size - 1));
  return digestOf(bytes) === digest ? bytes : damagedBlob({ digest });
}

/** Why nothing of a blob is sent. */
export function damagedBlob({ digest }: Pick<OpenBlob, 'digest'>): Refusal {
  return refuse(500, 'UNKNOWN', `${digest} is damaged: its bytes have another digest`);
}

async function* verified(chunks: AsyncIterable<Uint8Array>, digest: Digest): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  let held: Uint8Array | undefined;
  for await (const chunk of chunks) {
    hash.update(chunk);
    if (held) yield held;
    held = chunk;
  }
  if (`sha256:${hash.digest('hex')}` !== digest) {
    throw new OciSaveError({
      code: 'digest',
      message: `${digest} is damaged: its bytes have another digest`,
    });
  }
  if (held) yield held;
}
