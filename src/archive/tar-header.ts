const BLOCK = 512;
const TYPE_FLAG_AT = 156;
const SIZE_AT = 124;
const SUM_AT = 148;
const SUM_BYTES = 8;

/** The blocks of zeros that end an archive. */
export const END_OF_ARCHIVE: Uint8Array = new Uint8Array(2 * BLOCK);

export interface HeaderFields {
  readonly path: string;
  readonly type: 'file' | 'link' | 'directory';
  readonly size: number;
  readonly linkTo?: string;
  /** A script that can be started by its name. */
  readonly isExecutable?: boolean;
}

/** Bytes of zeros that fill the last block of `size` bytes. */
export function paddingOf(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

/** What the twelve characters of a header's size can say: 8 GiB less one byte (POSIX.1-2008, pax(1), ustar). */
const MAX_USTAR_SIZE = 0o77777777777;
const MAX_NAME_BYTES = 100;
const MAX_PREFIX_BYTES = 155;
/** A path that is longer than both together gets a record, without a look for a slash. */
const MAX_SPLIT_BYTES = 256;

/**
 * The header of one entry, with a pax record before it where its size or a name does not fit (POSIX.1-2008, pax(1)). Time,
 * owner and mode are fixed, so that the same content gives the same bytes.
 */
export function tarHeader({ path, type, size, linkTo = '', isExecutable = false }: HeaderFields): Uint8Array {
  const length = type === 'file' ? size : 0;
  const split = splitName(path);
  const records = [
    ...(split === undefined ? [recordOf('path', path)] : []),
    ...(byteLength(linkTo) > MAX_NAME_BYTES ? [recordOf('linkpath', linkTo)] : []),
    ...(length > MAX_USTAR_SIZE ? [recordOf('size', String(length))] : []),
  ].join('');
  const { prefix, name } = split ?? { prefix: '', name: path };
  const mode = type === 'directory' || isExecutable ? 0o755 : 0o644;
  const header = block({ name, prefix, mode, size: length, flag: FLAGS[type], linkTo });
  if (records === '') return header;
  const body = Buffer.from(records);
  const named = Buffer.from(`PaxHeader/${path}`).subarray(0, MAX_NAME_BYTES).toString();
  const before = block({ name: named, prefix: '', mode: 0o644, size: body.length, flag: 'x', linkTo: '' });
  return Buffer.concat([before, body, Buffer.alloc(paddingOf(body.length)), header]);
}

/** FAT and zip hold nothing before 1980 in local time. In seconds. */
const TIME = Date.UTC(1980, 1, 1) / 1000;
const FLAGS = { file: '0', link: '1', directory: '5' } as const;

interface BlockFields {
  readonly name: string;
  readonly prefix: string;
  readonly mode: number;
  readonly size: number;
  readonly flag: string;
  readonly linkTo: string;
}

function block({ name, prefix, mode, size, flag, linkTo }: BlockFields): Buffer {
  const header = Buffer.alloc(BLOCK);
  const text = (value: string, at: number, length: number): void =>
    void new TextEncoder().encodeInto(value, header.subarray(at, at + length));
  const octal = (value: number, at: number, length: number): void =>
    text(value.toString(8).padStart(length - 1, '0'), at, length - 1);
  text(name, 0, MAX_NAME_BYTES);
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, SIZE_AT, 12);
  octal(TIME, 136, 12);
  text(flag, TYPE_FLAG_AT, 1);
  text(linkTo, 157, MAX_NAME_BYTES);
  text('ustar', 257, 6);
  text('00', 263, 2);
  text(prefix, 345, MAX_PREFIX_BYTES);
  text(`${sumOf(header).toString(8).padStart(6, '0')}\0 `, SUM_AT, SUM_BYTES);
  return header;
}

function byteLength(text: string): number {
  return Buffer.byteLength(text);
}

/** The two fields that a long path fits into, divided at its last slash that allows it; undefined where none does. */
function splitName(path: string): { readonly prefix: string; readonly name: string } | undefined {
  if (byteLength(path) <= MAX_NAME_BYTES) return { prefix: '', name: path };
  if (byteLength(path) > MAX_SPLIT_BYTES) return undefined;
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
    const [prefix, name] = [path.slice(0, at), path.slice(at + 1)];
    if (byteLength(prefix) <= MAX_PREFIX_BYTES && byteLength(name) <= MAX_NAME_BYTES) return { prefix, name };
  }
  return undefined;
}

/** `<length> <key>=<value>\n`, where the length counts all of it, its own digits included. */
function recordOf(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  const bare = byteLength(rest);
  const length = bare + String(bare).length;
  return `${bare + String(length).length}${rest}`;
}

const TIMES = new Set([0, TIME]);
/** A bundle's tree begins with one of these, whichever views it has. */
const FIRST_FILES: ReadonlyMap<string, string> = new Map([
  ['oci-layout', '{"imageLayoutVersion":"1.0.0"}\n'],
  ['_restore_complete', '1'],
  ['README.txt', 'any'],
]);
const FIRST_FOLDERS = new Set(['registry/', 'blobs/', 'kit/']);

/**
 * Whether bytes are the start of a tar that we wrote: its first entry is a bundle's first file or folder, with the
 * fixed owner, mode and time that no other tool writes. Earlier versions wrote 1970.
 * @param bytes at least the first kilobyte, or all there are where the file was cut off
 */
export function isOurTarStart(bytes: Buffer): boolean {
  if (bytes.length < BLOCK || !hasRightSum(bytes)) return false;
  const text = (at: number, length: number): string => {
    const field = bytes.toString('latin1', at, at + length);
    return field.split('\0', 1)[0] ?? '';
  };
  const number = (at: number, length: number): number => Number.parseInt(text(at, length), 8);
  const name = text(0, 100);
  const isFolder = text(156, 1) === '5';
  const fixed =
    text(257, 6).trim() === 'ustar' &&
    text(265, 32) === '' &&
    text(297, 32) === '' &&
    number(108, 8) === 0 &&
    number(116, 8) === 0 &&
    TIMES.has(number(136, 12)) &&
    number(100, 8) === (isFolder ? 0o755 : 0o644);
  if (!fixed) return false;
  if (isFolder) return FIRST_FOLDERS.has(name);
  const content = FIRST_FILES.get(name);
  if (content === undefined) return false;
  const written = bytes.toString('utf8', BLOCK, BLOCK + number(124, 12));
  return content === 'any' || content.startsWith(written);
}

function hasRightSum(header: Buffer): boolean {
  return Number.parseInt(header.toString('latin1', SUM_AT, SUM_AT + 6), 8) === sumOf(header);
}

/** POSIX.1-2008, pax(1): the sum of a header's bytes, with blanks in the place of the sum itself. */
export function sumOf(header: Uint8Array): number {
  let sum = SUM_BYTES * 0x20;
  for (let at = 0; at < BLOCK; at += 1) if (at < SUM_AT || at >= SUM_AT + SUM_BYTES) sum += header[at] ?? 0;
  return sum;
}
