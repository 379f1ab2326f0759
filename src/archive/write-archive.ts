import { createHash } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { type Digest, hexOf } from '../oci/digest.ts';
import { partOf, writeFileWhole } from '../bundle/index.ts';
import type { ComputedTar } from './computed-tar.ts';

export interface WrittenArchive {
  readonly file: string;
  readonly size: number;
  readonly digest: Digest;
}

/**
 * Writes an archive and, beside it, `<file>.sha256` in the form that `sha256sum -c` reads. Neither stands at its
 * path before the archive is whole. `onBytes` is told of bytes as they are written.
 */
export async function writeArchive(
  tar: ComputedTar,
  file: string,
  options: { readonly onBytes?: (delta: number) => void; readonly signal?: AbortSignal | undefined } = {},
): Promise<WrittenArchive> {
  const temporary = await partOf(file);
  const hash = createHash('sha256');
  try {
    const handle = await open(temporary, 'w', 0o644);
    try {
      for await (const chunk of tar.read()) {
        options.signal?.throwIfAborted();
        hash.update(chunk);
        await handle.appendFile(chunk);
        options.onBytes?.(chunk.length);
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    const digest: Digest = `sha256:${hash.digest('hex')}`;
    await rm(`${file}.sha256`, { force: true });
    await rename(temporary, file);
    await writeFileWhole(`${file}.sha256`, `${hexOf(digest)}  ${path.basename(file)}\n`);
    return { file, size: tar.size, digest };
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
