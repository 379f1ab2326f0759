import { OciSaveError } from '../errors.ts';
import { type Layout, layoutOf } from '../image/index.ts';
import { seekableFile } from './byte-source.ts';
import { readTar, type Seekable, TarFault } from './read-tar.ts';

/** Where a file lies in an archive. */
interface Place {
  readonly start: number;
  readonly size: number;
}

/**
 * The OCI layout in a tar, read where it lies: its headers first, a blob when it is wanted. Nothing is unpacked.
 * @param within real folders that the file must lie in, links followed; anywhere, where they are left out
 * @throws OciSaveError `list` where it holds no layout, `digest` where it is no tar, or is cut off, `local` for what is
 *   not a regular file, or lies elsewhere
 */
export async function openOciArchive(file: string, within?: readonly string[]): Promise<Layout> {
  const archive = await seekableFile(file, within);
  const places = await placesIn(file, archive);
  const missing = (name: string): OciSaveError =>
    new OciSaveError({
      code: 'not-found',
      message: `${file}: ${name} is missing`,
      hint: 'Save the layout again: it is not whole.',
    });
  return layoutOf({
    name: file,
    has: async (name) => places.has(name),
    async whole(name, maxBytes) {
      const place = places.get(name);
      if (place === undefined) throw missing(name);
      if (place.size > maxBytes) {
        const message = `${file}: ${name} is too large: ${maxBytes} bytes are the limit`;
        throw new OciSaveError({ code: 'unsupported', message });
      }
      return Buffer.concat(await Array.fromAsync(archive.read(place.start, place.start + place.size)));
    },
    async *from(name, start) {
      const place = places.get(name);
      if (place === undefined) throw missing(name);
      yield* archive.read(place.start + start, place.start + place.size);
    },
  });
}

async function placesIn(file: string, source: Seekable): Promise<ReadonlyMap<string, Place>> {
  const places = new Map<string, Place>();
  try {
    for await (const { path, kind, start, size, to } of readTar(source)) {
      if (kind === 'file') places.set(path, { start, size });
      // Some packers store equal files once.
      const same = kind === 'link' ? places.get(to) : undefined;
      if (same !== undefined) places.set(path, same);
    }
  } catch (error) {
    if (!(error instanceof TarFault)) throw error;
    throw new OciSaveError({
      code: 'digest',
      message: `${file} cannot be read as an archive: ${error.message}`,
      hint: 'It must be a tar that is not compressed; uncompress it, or copy it again.',
      cause: error,
    });
  }
  return places;
}
