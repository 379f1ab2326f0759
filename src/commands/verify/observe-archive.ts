import { type ReadEntry, readTar, TarFault } from '../../archive/index.ts';
import type { Observed, Observer, PartFault, Seen } from './observed.ts';
import { isPlainPath } from './plain-name.ts';

/**
 * Reads a bundle's archive from its bytes, in one pass and in constant memory.
 * @param parts what is found to be wrong with its files while it is read
 */
export async function observeArchive(
  chunks: AsyncIterable<Uint8Array>,
  observer: Observer,
  parts: readonly PartFault[],
): Promise<Observed> {
  const broken = await readToEnd(chunks, (entry) => observeEntry(entry, observer));
  const { entries, kept } = observer;
  return { entries, kept, isArchive: true, parts, broken, bytes: observer.bytes() };
}

/**
 * Reads all that can be read of an archive, and its bytes to their end, which the sums of its files count.
 * @param take gets each entry, and whether something was wrong before it
 * @returns what is wrong with the archive; undefined where nothing is
 */
export async function readToEnd(
  chunks: AsyncIterable<Uint8Array>,
  take: (entry: ReadEntry, isBroken: boolean) => Promise<void>,
): Promise<string | undefined> {
  let first: string | undefined;
  let more = 0;
  const note = ({ message, offset }: TarFault): void => {
    if (first === undefined) first = `${message} (at byte ${offset})`;
    else more += 1;
  };
  try {
    for await (const entry of readTar(chunks, note)) await take(entry, first !== undefined);
  } catch (error) {
    if (!(error instanceof TarFault)) throw error;
    note(error);
  }
  return more === 0 ? first : `${first}, and ${more} more ${more === 1 ? 'fault' : 'faults'}`;
}

/** Hashes an entry of an archive. */
export async function observeEntry(
  { path, kind, size, to, body }: ReadEntry,
  observer: Observer,
): Promise<void> {
  if (path === '' || path === '.') return;
  // Not every tar that unpacks it keeps such a name in its folder.
  if (!isPlainPath(path)) observer.other(path, { kind: 'fault', reason: 'it has a name that no bundle has' });
  else if (observer.entries.has(path))
    observer.other(path, { kind: 'fault', reason: 'it stands there twice' });
  else if (kind === 'file') await observer.file(path, size, body);
  else if (kind === 'link') observer.other(path, linkTo(to, observer));
  else if (kind === 'other') observer.other(path, { kind: 'fault', reason: 'it is not a regular file' });
}

/** Programs that unpack it can make no link to a file that comes later. */
function linkTo(to: string, { entries }: Observer): Seen {
  if (entries.get(to)?.kind === 'file') return { kind: 'link', to };
  return { kind: 'fault', reason: 'it is a link to a file that is not in the archive before it' };
}
