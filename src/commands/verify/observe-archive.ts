import { readTar, TarFault } from '../../archive/index.ts';
import type { Observed, Observer, PartFault } from './observed.ts';

/**
 * Reads a bundle's archive from its bytes, in one pass and in constant memory.
 * @param parts what is found to be wrong with its files while it is read
 */
export async function observeArchive(
  chunks: AsyncIterable<Uint8Array>,
  observer: Observer,
  parts: readonly PartFault[],
): Promise<Observed> {
  const broken = await readEntries(chunks, observer);
  return { entries: observer.entries, kept: observer.kept, parts, broken, bytes: observer.bytes() };
}

async function readEntries(
  chunks: AsyncIterable<Uint8Array>,
  observer: Observer,
): Promise<string | undefined> {
  const source = chunks[Symbol.asyncIterator]();
  const rest: AsyncIterable<Uint8Array> = { [Symbol.asyncIterator]: () => source };
  try {
    for await (const { path, kind, size, to, body } of readTar(rest)) {
      if (path === '' || path === '.') continue;
      if (observer.entries.has(path)) {
        observer.other(path, { kind: 'fault', reason: 'it stands there twice' });
      } else if (kind === 'file') await observer.file(path, size, body);
      else if (kind === 'link') observer.other(path, { kind: 'link', to });
      else if (kind === 'other') observer.other(path, { kind: 'fault', reason: 'it is not a regular file' });
    }
    // What follows the last entry is padding, and belongs to the sums of the file.
    for await (const chunk of rest) void chunk;
    return undefined;
  } catch (error) {
    if (!(error instanceof TarFault)) throw error;
    // The files after it are hashed all the same.
    for await (const chunk of rest) void chunk;
    return `${error.message} (at byte ${error.offset})`;
  }
}
