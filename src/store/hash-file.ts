import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { Digest } from '../oci/digest.ts';

const CHUNK_BYTES = 1024 * 1024;

export interface HashOptions {
  /** Told of bytes as they are read. */
  readonly onBytes?: ((count: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The digest and size of a file's bytes, read once through one buffer. */
export async function hashFile(
  file: string,
  { onBytes, signal }: HashOptions = {},
): Promise<{ digest: Digest; size: number }> {
  const handle = await open(file, 'r');
  try {
    const hash = createHash('sha256');
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    let size = 0;
    for (;;) {
      signal?.throwIfAborted();
      const { bytesRead } = await handle.read(buffer, 0, CHUNK_BYTES);
      if (bytesRead === 0) break;
      hash.update(bytesRead === CHUNK_BYTES ? buffer : buffer.subarray(0, bytesRead));
      size += bytesRead;
      onBytes?.(bytesRead);
    }
    return { digest: `sha256:${hash.digest('hex')}`, size };
  } finally {
    await handle.close();
  }
}
