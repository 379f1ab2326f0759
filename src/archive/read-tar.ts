import { compressorOf } from '../files/index.ts';
import { withoutEnd } from '../text/trim.ts';
import { paddingOf, sumOf } from './tar-header.ts';

const BLOCK = 512;
/** A pax record has a name and a size: pax(1) sets no bound. */
const MAX_PAX_BYTES = 64 * 1024;
/** Linux: PATH_MAX. */
const MAX_NAME = 4096;
/** So many no bundle has: one of 10,000 images has 300,000. */
const MAX_ENTRIES = 3_000_000;
/** Readers keep the names: those of 10,000 images are some 50 MB together. */
const MAX_NAMES = 512 * 1024 * 1024;

/** One entry of an archive as it is read. */
export interface ReadEntry {
  /** Relative, with slashes, without `./` at its start and a slash at its end. */
  readonly path: string;
  readonly kind: 'file' | 'folder' | 'link' | 'other';
  readonly size: number;
  /** The path that a hard link names. */
  readonly to: string;
  /** Whether its owner may run it. */
  readonly isExecutable: boolean;
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
 * @param onFault gets what is damaged: reading goes on at the next header, and what follows the last entry is read, too.
 *   Without it, the first damaged header ends the reading, and nothing but headers and what is read of the entries counts.
 * @throws TarFault where a header is damaged, or the bytes end before the archive does
 */
export async function* readTar(
  source: AsyncIterable<Uint8Array> | Seekable,
  onFault?: (fault: TarFault) => void,
): AsyncGenerator<ReadEntry, void, undefined> {
  const input =
    Symbol.asyncIterator in source ? createInput(source) : createInput(source.read(0, source.size), source);
  try {
    yield* readEntries(input, onFault);
  } finally {
    await input.close();
  }
}

async function* readEntries(
  input: Input,
  onFault: ((fault: TarFault) => void) | undefined,
): AsyncGenerator<ReadEntry, void, undefined> {
  let extended: Extended = {};
  let names = 0;
  /** Whether a damaged header was told, and the next one is looked for. */
  let isLost = false;
  const fail = (reason: string, at: number): void => {
    const fault = new TarFault(reason, at);
    if (onFault === undefined) throw fault;
    if (!isLost) onFault(fault);
    isLost = true;
    extended = {};
  };
  for (let count = 0; ;) {
    const at = input.offset();
    const header = await input.take(BLOCK);
    if (header === undefined) {
      if (isLost) return;
      if (at > 0) throw new TarFault('it ends before its last entry: it was cut off', at);
      throw new TarFault(input.offset() === 0 ? 'it is empty' : 'it is shorter than any archive', at);
    }
    if (!isLost && isZero(header)) {
      if (onFault !== undefined) await checkEnd(input, onFault);
      return;
    }
    const fields = parseHeader(header);
    if (fields === undefined) {
      fail(whyNoHeader(header, at), at);
      continue;
    }
    isLost = false;
    count += 1;
    if (count > MAX_ENTRIES) throw new TarFault(`it has more than ${MAX_ENTRIES} entries`, at);
    const { type } = fields;
    if (type === 'x' || type === 'g' || type === 'L' || type === 'K') {
      if (!(fields.size <= MAX_PAX_BYTES)) {
        fail('a header’s record is too large', at);
        continue;
      }
      const record = await input.take(fields.size);
      const padding = await input.take(paddingOf(fields.size));
      if (record === undefined || padding === undefined)
        throw new TarFault('it ends within a header: it was cut off', at);
      const own = parseRecord(type, record);
      if (own === undefined || !isZero(padding)) fail('a header’s record is damaged', at);
      else if (own.isOdd === true || (type === 'g' && own !== NO_RECORD))
        fail('a header gives what follows it another name or size than other readers see', at);
      else if (type !== 'g') extended = { ...extended, ...own };
      continue;
    }
    const size = extended.size ?? fields.size;
    const path = withoutEnd((extended.path ?? fields.path).replace(/^(?:\.\/)+/, ''), '/');
    const to = (extended.to ?? fields.to).replace(/^(?:\.\/)+/, '');
    extended = {};
    names += path.length + to.length;
    if (names > MAX_NAMES) throw new TarFault('its names are too long together', at);
    if (!Number.isSafeInteger(size) || size < 0) fail('a size is invalid', at);
    else if (path.length > MAX_NAME || to.length > MAX_NAME) fail('a name is too long', at);
    if (isLost) continue;
    const length = WITHOUT_BYTES.has(type) ? 0 : size;
    const start = input.offset();
    yield {
      path,
      kind: KINDS.get(type) ?? 'other',
      size: length,
      to,
      isExecutable: fields.isExecutable,
      start,
      body: input.body(length, path),
    };
    // The consumer may have read a part of it, or nothing.
    await input.skip(start + length - input.offset(), path);
    const padding = await input.take(paddingOf(length));
    if (padding !== undefined && !isZero(padding))
      onFault?.(new TarFault(`the bytes that fill up ${path} are damaged`, start + length));
  }
}

/** Zeros may follow the last entry: GNU tar writes blocks of 10 KiB. */
async function checkEnd(input: Input, onFault: (fault: TarFault) => void): Promise<void> {
  let isTold = false;
  for (;;) {
    const at = input.offset();
    const piece = await input.some(Infinity);
    if (piece === undefined) return;
    const other = isTold ? -1 : piece.findIndex((byte) => byte !== 0);
    if (other < 0) continue;
    onFault(new TarFault('something follows its last entry', at + other));
    isTold = true;
  }
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

function whyNoHeader(header: Buffer, at: number): string {
  const program = at === 0 ? compressorOf(header) : undefined;
  return program === undefined
    ? 'a header is damaged'
    : `it is compressed: ${program} -dc gives the archive itself`;
}

const KINDS: ReadonlyMap<string, ReadEntry['kind']> = new Map([
  ['0', 'file'],
  ['\0', 'file'],
  // Contiguous on the disk, which no system tells apart any more.
  ['7', 'file'],
  ['1', 'link'],
  ['5', 'folder'],
]);
/** Links, devices, folders and pipes have no bytes in an archive, whatever their size says. */
const WITHOUT_BYTES: ReadonlySet<string> = new Set(['1', '2', '3', '4', '5', '6']);

interface Extended {
  readonly path?: string;
  readonly to?: string;
  readonly size?: number;
  /** Sparse files (GNU tar): not each program that unpacks gives them the same name and bytes. */
  readonly isOdd?: boolean;
}

const NO_RECORD: Extended = {};

interface Fields {
  readonly path: string;
  readonly to: string;
  readonly size: number;
  readonly type: string;
  readonly isExecutable: boolean;
}

/** Undefined where the header's sum is wrong, or it is no ustar header. */
function parseHeader(header: Buffer): Fields | undefined {
  const text = (at: number, length: number): string =>
    header.toString('utf8', at, at + length).split('\0', 1)[0] ?? '';
  const sum = numberAt(header, 148, 8);
  if (sum !== sumOf(header) || text(257, 5) !== 'ustar') return undefined;
  const prefix = text(345, 155);
  // GNU tar has other fields where POSIX has the prefix.
  const path =
    prefix === '' || text(257, 8).startsWith('ustar ') ? text(0, 100) : `${prefix}/${text(0, 100)}`;
  return {
    path,
    to: text(157, 100),
    size: numberAt(header, 124, 12),
    type: header.toString('latin1', 156, 157),
    isExecutable: (numberAt(header, 100, 8) & 0o100) !== 0,
  };
}

/** Octal digits, or, where the first bit is set, a number of big-endian bytes, as GNU tar writes sizes over 8 GiB. */
function numberAt(header: Buffer, at: number, length: number): number {
  if (((header[at] ?? 0) & 0x80) === 0) {
    const digits = withoutEnd(header.toString('latin1', at, at + length), '\0 ').trimStart();
    return /^[0-7]*$/.test(digits) ? Number.parseInt(digits === '' ? '0' : digits, 8) : Number.NaN;
  }
  let value = (header[at] ?? 0) & 0x7f;
  for (let next = at + 1; next < at + length; next += 1) value = value * 256 + (header[next] ?? 0);
  return value;
}

/** Undefined where it is damaged. */
function parseRecord(type: string, record: Buffer): Extended | undefined {
  if (type === 'L') return { path: withoutEnd(record.toString('utf8'), '\0') };
  if (type === 'K') return { to: withoutEnd(record.toString('utf8'), '\0') };
  const found: { path?: string; to?: string; size?: number; isOdd?: boolean } = {};
  // `<length> <key>=<value>\n`, where the length counts all of it.
  for (let at = 0; at < record.length;) {
    const digits = /^[1-9]\d{0,5} /.exec(record.toString('latin1', at, at + 8))?.[0] ?? '';
    const end = at + Number(digits);
    const line = record.toString('utf8', at + digits.length, end);
    const [, key, value = ''] = /^([^=]+)=([^]*)\n$/.exec(line) ?? [];
    if (digits === '' || key === undefined || end > record.length) return undefined;
    if (key === 'path') found.path = value;
    if (key === 'linkpath') found.to = value;
    if (key === 'size') found.size = /^\d+$/.test(value) ? Number(value) : Number.NaN;
    if (key.startsWith('GNU.sparse.')) found.isOdd = true;
    at = end;
  }
  return Object.keys(found).length === 0 ? NO_RECORD : found;
}

interface Input {
  /** How many bytes were taken so far. */
  offset(): number;
  /** At least one byte, at most so many; undefined at the end. */
  some(most: number): Promise<Uint8Array | undefined>;
  /** So many bytes; undefined where fewer come. */
  take(length: number): Promise<Buffer | undefined>;
  /** Passes over bytes of an entry. Throws where fewer come. */
  skip(length: number, path: string): Promise<void>;
  body(length: number, path: string): AsyncIterable<Uint8Array>;
  /** Ends the reading of the source: a file is closed. */
  close(): Promise<void>;
}

/** Less than this is read and dropped: another reading would cost more. */
const LEAST_SEEK_BYTES = 1024 * 1024;

function createInput(chunks: AsyncIterable<Uint8Array>, seekable?: Seekable): Input {
  let source = chunks[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array();
  let position = 0;
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
    some,
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
        if (piece === undefined) throw cutWithin(path, length - left, length, position);
        left -= piece.length;
      }
    },
    body,
    close: async () => void (await source.return?.()),
  };
}

function cutWithin(path: string, has: number, length: number, offset: number): TarFault {
  return new TarFault(`it ends within ${path}, after ${has} of ${length} bytes: it was cut off`, offset);
}
