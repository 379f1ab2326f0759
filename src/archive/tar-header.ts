import { createTarPacker, type TarHeader, type TarPackController } from 'modern-tar';

const BLOCK = 512;
const TYPE_FLAG_AT = 156;
const SIZE_AT = 124;
const PAX = 'x'.charCodeAt(0);

/** The blocks of zeros that end an archive. */
export const END_OF_ARCHIVE: Uint8Array = new Uint8Array(2 * BLOCK);

export interface HeaderFields {
  readonly path: string;
  readonly type: 'file' | 'link' | 'directory';
  readonly size: number;
  readonly linkTo?: string;
}

/** Bytes of zeros that fill the last block of `size` bytes. */
export function paddingOf(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

/**
 * Makes the headers of one archive, in order: wait for each before asking for the next. A header has a pax record before
 * it where the size (over 8 GiB) or the name needs one. Time, owner and mode are fixed, so that the same content gives the
 * same bytes.
 */
export function tarHeaders(): (fields: HeaderFields) => Promise<Uint8Array> {
  // A packer's streams cost thirty times its header. Only one whose entry has content waits for it and can make no other.
  const bodiless = openPacker();
  return (fields) => headerBy(fields.type === 'file' ? openPacker() : bodiless, fields);
}

type Packer = Pick<TarPackController, 'add'> & {
  readonly reader: ReadableStreamDefaultReader<Uint8Array>;
};

function openPacker(): Packer {
  const { readable, controller } = createTarPacker();
  return { reader: readable.getReader(), add: controller.add.bind(controller) };
}

async function headerBy(packer: Packer, { path, type, size, linkTo }: HeaderFields): Promise<Uint8Array> {
  const header: TarHeader = {
    name: path,
    type,
    size: type === 'file' ? size : 0,
    mode: type === 'directory' ? 0o755 : 0o644,
    mtime: new Date(0),
    uid: 0,
    gid: 0,
    ...(linkTo === undefined ? {} : { linkname: linkTo }),
  };
  const body = packer.add(header);
  if (type !== 'file') await body.close();
  let bytes = Buffer.alloc(0);
  while (!endsWithHeader(bytes)) {
    const { value } = await packer.reader.read();
    if (value === undefined) break;
    bytes = Buffer.concat([bytes, value]);
  }
  return bytes;
}

function endsWithHeader(bytes: Buffer): boolean {
  let offset = 0;
  while (bytes.length >= offset + BLOCK) {
    if (bytes[offset + TYPE_FLAG_AT] !== PAX) return true;
    const size = Number.parseInt(bytes.toString('latin1', offset + SIZE_AT, offset + SIZE_AT + 11), 8);
    offset += BLOCK + size + paddingOf(size);
  }
  return false;
}

const TIMES = new Set([0, Date.UTC(1980, 1, 1) / 1000]);
/** A bundle's tree begins with one of these, whichever views it has. */
const FIRST_FILES: ReadonlyMap<string, string> = new Map([
  ['oci-layout', '{"imageLayoutVersion":"1.0.0"}\n'],
  ['_restore_complete', '1'],
  ['README.txt', 'any'],
]);
const FIRST_FOLDERS = new Set(['registry/', 'blobs/', 'kit/']);

/**
 * Whether bytes are the start of a tar that we wrote: its first entry is a bundle's first file or folder, with the
 * fixed owner, mode and time that no other tool writes. Earlier versions wrote 1970, later ones write 1980-02-01, since
 * FAT and zip cannot hold an earlier time.
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

/** POSIX.1-1988, pax(1): the sum of the header's bytes, with blanks in the place of the sum itself. */
function hasRightSum(header: Buffer): boolean {
  let sum = 8 * 0x20;
  for (let at = 0; at < BLOCK; at += 1) if (at < 148 || at >= 156) sum += header[at] ?? 0;
  return Number.parseInt(header.toString('latin1', 148, 154), 8) === sum;
}
