import { paddingOf, sumOf } from './tar-header.ts';

const BLOCK = 512;
/** A pax record has a name and a size: pax(1) sets no bound, and no path is longer than this. */
const MAX_PAX_BYTES = 64 * 1024;
/** So many no bundle has: one of 10,000 images has 300,000. */
const MAX_ENTRIES = 3_000_000;

/** One entry of an archive as it is read. */
export interface ReadEntry {
  /** Relative, with slashes, without `./` at its start and a slash at its end. */
  readonly path: string;
  readonly kind: 'file' | 'folder' | 'link' | 'other';
  readonly size: number;
  /** The path that a hard link names. */
  readonly to: string;
  /** Where its bytes begin in the archive. */
  readonly start: number;
  /** The entry's bytes. What is not read is skipped when the next entry is asked for. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** Why an archive cannot be read to its end, and at which byte. */
export class TarFault extends Error {
  override readonly name = 'TarFault';
  readonly offset: number;

  constructor(reason: string, offset: number) {
    super(reason);
    this.offset = offset;
  }
}

/** Bytes of which any range can be read: what nobody reads of an entry is passed over. */
export interface Seekable {
  readonly size: number;
  read(start: number, end: number): AsyncIterable<Uint8Array>;
}

/**
 * The entries of a tar, in their order, as its bytes come: ustar with pax records, and GNU's long names, which other tar
 * programs write (POSIX.1-2008, pax(1)). Memory is bounded, whatever the archive says.
 * @throws TarFault where a header is damaged, or the bytes end before the archive does
 */
export async function* readTar(
  source: AsyncIterable<Uint8Array> | Seekable,
): AsyncGenerator<ReadEntry, void, undefined> {
  const input =
    Symbol.asyncIterator in source ? createInput(source) : createInput(source.read(0, source.size), source);
  let extended: Extended = {};
  for (let count = 0; ; count += 1) {
    const at = input.offset();
    const header = await input.take(BLOCK);
    if (header === undefined) throw new TarFault('it ends before its last entry: it was cut off', at);
    if (header.every((byte) => byte === 0)) return;
    if (count > MAX_ENTRIES) throw new TarFault(`it has more than ${MAX_ENTRIES} entries`, at);
    const fields = parseHeader(header);
    if (fields === undefined) throw new TarFault('a header is damaged', at);
    const { type } = fields;
    if (type === 'x' || type === 'g' || type === 'L' || type === 'K') {
      if (fields.size > MAX_PAX_BYTES) throw new TarFault('a header’s record is too large', at);
      const record = await input.take(fields.size);
      if (record === undefined) throw new TarFault('it ends within a header: it was cut off', at);
      await input.skip(paddingOf(fields.size));
      if (type !== 'g') extended = { ...extended, ...parseRecord(type, record) };
      continue;
    }
    const size = extended.size ?? fields.size;
    if (!Number.isSafeInteger(size) || size < 0) throw new TarFault('a size is invalid', at);
    const path = (extended.path ?? fields.path).replace(/^(?:\.\/)+/, '').replace(/\/+$/, '');
    const to = (extended.to ?? fields.to).replace(/^(?:\.\/)+/, '');
    extended = {};
    const kind = KINDS.get(type) ?? 'other';
    const length = kind === 'file' ? size : 0;
    const start = input.offset();
    yield { path, kind, size: length, to, start, body: input.body(length, path) };
    // The consumer may have read a part of it, or nothing.
    await input.skip(start + length - input.offset(), path);
    await input.skip(paddingOf(length));
  }
}

const KINDS: ReadonlyMap<string, ReadEntry['kind']> = new Map([
  ['0', 'file'],
  ['\0', 'file'],
  ['1', 'link'],
  ['5', 'folder'],
]);

interface Extended {
  readonly path?: string;
  readonly to?: string;
  readonly size?: number;
}

interface Fields {
  readonly path: string;
  readonly to: string;
  readonly size: number;
  readonly type: string;
}

/** Undefined where the header's sum is wrong, or it is no ustar header. */
function parseHeader(header: Buffer): Fields | undefined {
  const text = (at: number, length: number): string =>
    header.toString('utf8', at, at + length).split('\0', 1)[0] ?? '';
  if (Number.parseInt(text(148, 8), 8) !== sumOf(header) || text(257, 5) !== 'ustar') return undefined;
  const prefix = text(345, 155);
  // GNU tar has other fields where POSIX has the prefix.
  const path =
    prefix === '' || text(257, 8).startsWith('ustar ') ? text(0, 100) : `${prefix}/${text(0, 100)}`;
  return {
    path,
    to: text(157, 100),
    size: numberAt(header, 124, 12),
    type: header.toString('latin1', 156, 157),
  };
}

/** Octal digits, or, where the first bit is set, a number of big-endian bytes, as GNU tar writes sizes over 8 GiB. */
function numberAt(header: Buffer, at: number, length: number): number {
  if (((header[at] ?? 0) & 0x80) === 0) {
    const digits = header
      .toString('latin1', at, at + length)
      .replace(/[\0 ]+$/, '')
      .trim();
    return /^[0-7]*$/.test(digits) ? Number.parseInt(digits === '' ? '0' : digits, 8) : Number.NaN;
  }
  let value = (header[at] ?? 0) & 0x7f;
  for (let next = at + 1; next < at + length; next += 1) value = value * 256 + (header[next] ?? 0);
  return value;
}

function parseRecord(type: string, record: Buffer): Extended {
  if (type === 'L') return { path: record.toString('utf8').replace(/\0+$/, '') };
  if (type === 'K') return { to: record.toString('utf8').replace(/\0+$/, '') };
  const found: { path?: string; to?: string; size?: number } = {};
  // `<length> <key>=<value>\n`, where the length counts all of it.
  for (let at = 0; at < record.length;) {
    const blank = record.indexOf(0x20, at);
    const length = blank < 0 ? Number.NaN : Number(record.toString('latin1', at, blank));
    if (!Number.isSafeInteger(length) || length <= 0) break;
    const line = record.toString('utf8', blank + 1, at + length - 1);
    const [key, value] = [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)];
    if (key === 'path') found.path = value;
    if (key === 'linkpath') found.to = value;
    if (key === 'size') found.size = Number(value);
    at += length;
  }
  return found;
}

interface Input {
  /** How many bytes were taken so far. */
  offset(): number;
  /** So many bytes; undefined where fewer come. */
  take(length: number): Promise<Buffer | undefined>;
  /** Passes over bytes. Throws where fewer come, for those of an entry. */
  skip(length: number, path?: string): Promise<void>;
  body(length: number, path: string): AsyncIterable<Uint8Array>;
}

/** Less than this is read and dropped: another reading would cost more. */
const LEAST_SEEK_BYTES = 1024 * 1024;

function createInput(chunks: AsyncIterable<Uint8Array>, seekable?: Seekable): Input {
  let source = chunks[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array();
  let position = 0;
  /** At least one byte, at most so many; undefined at the end. */
  const some = async (most: number): Promise<Uint8Array | undefined> => {
    while (rest.length === 0) {
      const next = await source.next();
      if (next.done === true) return undefined;
      rest = next.value;
    }
    const piece = rest.subarray(0, most);
    rest = rest.subarray(piece.length);
    position += piece.length;
    return piece;
  };
  async function* body(length: number, path: string): AsyncGenerator<Uint8Array> {
    for (let left = length; left > 0;) {
      const piece = await some(left);
      if (piece === undefined) throw cutWithin(path, length - left, length, position);
      left -= piece.length;
      yield piece;
    }
  }
  const seek = async (place: Seekable, to: number): Promise<void> => {
    await source.return?.();
    source = place.read(to, place.size)[Symbol.asyncIterator]();
    rest = new Uint8Array();
    position = to;
  };
  return {
    offset: () => position,
    async take(length) {
      const pieces: Uint8Array[] = [];
      for (let left = length; left > 0;) {
        const piece = await some(left);
        if (piece === undefined) return undefined;
        pieces.push(piece);
        left -= piece.length;
      }
      return Buffer.concat(pieces);
    },
    async skip(length, path) {
      if (
        seekable !== undefined &&
        length - rest.length > LEAST_SEEK_BYTES &&
        position + length <= seekable.size
      )
        return seek(seekable, position + length);
      for (let left = length; left > 0;) {
        const piece = await some(left);
        if (piece === undefined) {
          if (path !== undefined) throw cutWithin(path, length - left, length, position);
          return;
        }
        left -= piece.length;
      }
    },
    body,
  };
}

function cutWithin(path: string, has: number, length: number, offset: number): TarFault {
  return new TarFault(`it ends within ${path}, after ${has} of ${length} bytes: it was cut off`, offset);
}
