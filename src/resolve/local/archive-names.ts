import { z } from 'zod';
import { readTar, seekableFile, TarFault } from '../../archive/index.ts';
import { COMPRESSOR_BYTES, compressorOf } from '../../files/index.ts';
import { MAX_MANIFEST_BYTES } from '../../oci/manifest.ts';
import { isReference } from '../../oci/reference.ts';
import { jsonIn } from '../../text/json-in.ts';

const manifestSchema = z.array(z.looseObject({ RepoTags: z.array(z.string()).nullish() }));

/** More do not fit a message. */
const MAX_NAMES = 20;

/** The names in a docker archive, or why they are not known. */
export type NamesInArchive =
  | { readonly names: readonly string[] }
  | { readonly unread: 'compressed' | 'no tar' | 'no manifest' };

/**
 * The names of the images in a docker archive, of those that have one.
 * @param folders real folders that it must lie in, links followed; anywhere, where they are left out
 * @throws OciSaveError `local` for what is not a regular file, or lies elsewhere; the error of the system
 */
export async function readArchiveNames(file: string, folders?: readonly string[]): Promise<NamesInArchive> {
  const archive = await seekableFile(file, folders);
  const start = Buffer.concat(await Array.fromAsync(archive.read(0, COMPRESSOR_BYTES)));
  if (compressorOf(start) !== undefined) return { unread: 'compressed' };
  try {
    for await (const entry of readTar(archive)) {
      if (entry.path !== 'manifest.json' || entry.kind !== 'file' || entry.size > MAX_MANIFEST_BYTES)
        continue;
      const json = jsonIn(Buffer.concat(await Array.fromAsync(entry.body)));
      const images = manifestSchema.safeParse(json).data ?? [];
      const names = images.flatMap(({ RepoTags }) => RepoTags ?? []).filter((name) => isReference(name));
      return { names: names.slice(0, MAX_NAMES) };
    }
  } catch (error) {
    if (!(error instanceof TarFault)) throw error;
    return { unread: 'no tar' };
  }
  return { unread: 'no manifest' };
}

/** The same for a message: none where they are not known. */
export async function namesInArchive(file: string, folders?: readonly string[]): Promise<readonly string[]> {
  const read = await readArchiveNames(file, folders);
  return 'names' in read ? read.names : [];
}
