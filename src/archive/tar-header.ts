import { createTarPacker, type TarHeader } from 'modern-tar';

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
 * The header of one entry, with a pax record before it where the size (over 8 GiB) or the name needs one. Time,
 * owner and mode are fixed, so that the same content gives the same bytes.
 */
export async function tarHeader({ path, type, size, linkTo }: HeaderFields): Promise<Uint8Array> {
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
  const { readable, controller } = createTarPacker();
  controller.add(header);
  const reader = readable.getReader();
  let bytes = Buffer.alloc(0);
  // The packer then waits for the entry's content, which is never given to it: only its header is wanted.
  while (!endsWithHeader(bytes)) {
    const { value } = await reader.read();
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
