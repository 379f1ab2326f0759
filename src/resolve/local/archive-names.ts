import { z } from 'zod';
import { readTar, TarFault } from '../../archive/index.ts';
import { openSized } from '../../files/index.ts';
import { MAX_MANIFEST_BYTES } from '../../oci/manifest.ts';
import { isReference } from '../../oci/reference.ts';
import { jsonIn } from '../../text/json-in.ts';

const manifestSchema = z.array(z.looseObject({ RepoTags: z.array(z.string()).nullish() }));

/** More do not fit a message. */
const MAX_NAMES = 20;

/**
 * The names of the images in a docker archive, of those that have one, for a message. None where it is compressed, or cannot
 * be read.
 * @throws the error of the system
 */
export async function namesInArchive(file: string, folders?: readonly string[]): Promise<string[]> {
  const { handle, size } = await openSized(file, folders);
  await handle.close();
  async function* read(start: number, end: number): AsyncGenerator<Uint8Array> {
    const opened = await openSized(file, folders);
    if (end > start) yield* opened.handle.createReadStream({ start, end: end - 1 });
    else await opened.handle.close();
  }
  try {
    for await (const entry of readTar({ size, read })) {
      if (entry.path !== 'manifest.json' || entry.kind !== 'file' || entry.size > MAX_MANIFEST_BYTES)
        continue;
      const json = jsonIn(Buffer.concat(await Array.fromAsync(entry.body)));
      const images = manifestSchema.safeParse(json).data ?? [];
      return images
        .flatMap(({ RepoTags }) => RepoTags ?? [])
        .filter((name) => isReference(name))
        .slice(0, MAX_NAMES);
    }
  } catch (error) {
    if (!(error instanceof TarFault)) throw error;
  }
  return [];
}
