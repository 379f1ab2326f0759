import { gzipSync, zstdCompressSync } from 'node:zlib';
import { type Digest, digestOf, hexOf } from '../../src/oci/digest.ts';

/** An entry as it was saved: the files of its one folder. */
export interface SoundEntry {
  readonly folder: string;
  readonly files: readonly SoundFile[];
}

export interface SoundFile {
  readonly digest: Digest;
  readonly bytes: Uint8Array;
}

/** What stands in a header of ustar; `size` and `checksum` lie where they are given. */
interface RawEntry {
  readonly name: string;
  readonly type?: string;
  readonly data?: Uint8Array;
  readonly link?: string;
  readonly size?: string;
  readonly checksum?: string;
}

const BLOCK = 512;
const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, '0');

/** A tar with whatever headers, as no library writes them. */
export function rawTar(entries: readonly RawEntry[], end: Uint8Array = Buffer.alloc(2 * BLOCK)): Buffer {
  const parts = entries.flatMap(
    ({ name, type = '0', data = new Uint8Array(), link = '', size = octal(data.length, 11), checksum }) => {
      const header = Buffer.alloc(BLOCK);
      const slash = name.length > 100 ? name.lastIndexOf('/') : -1;
      header.write(name.slice(slash + 1), 0);
      header.write(octal(0o644, 7), 100);
      header.write(size, 124);
      header.write(octal(0, 11), 136);
      header.write(' '.repeat(8), 148);
      header.write(type, 156);
      header.write(link, 157);
      header.write('ustar\u000000', 257);
      if (slash > 0) header.write(name.slice(0, slash), 345);
      const sum = header.reduce((all, byte) => all + byte, 0);
      header.write(checksum ?? `${octal(sum, 6)}\0 `, 148);
      return [header, data, Buffer.alloc((BLOCK - (data.length % BLOCK)) % BLOCK)];
    },
  );
  return Buffer.concat([...parts, end]);
}

const filesOf = ({ folder, files }: SoundEntry): RawEntry[] =>
  files.map(({ digest, bytes }) => ({ name: `${folder}/${hexOf(digest)}`, data: bytes }));

const evil = Buffer.from('evil');

/** A record of pax (POSIX.1-2001): its length counts itself. */
function paxRecord(key: string, value: string): Buffer {
  const rest = ` ${key}=${value}\n`;
  let { length } = rest;
  while (`${length}${rest}`.length !== length) length = `${length}${rest}`.length;
  return Buffer.from(`${length}${rest}`);
}

const archive = (...entries: readonly RawEntry[]): Buffer => zstdCompressSync(rawTar(entries));
const packed = (entry: SoundEntry): Buffer => archive(...filesOf(entry));
const flipped = (bytes: Uint8Array = evil): Uint8Array => bytes.map((byte) => byte ^ 1);

/** Each right file in another form. */
const each =
  (change: (file: RawEntry, at: number, all: readonly RawEntry[]) => readonly RawEntry[]) =>
  (entry: SoundEntry): Buffer =>
    archive(...filesOf(entry).flatMap((file, at, all) => change(file, at, all)));
/** Another entry before the right files. */
const beside =
  (make: (folder: string) => RawEntry) =>
  (entry: SoundEntry): Buffer =>
    archive(make(entry.folder), ...filesOf(entry));

const ZERO = '0'.repeat(64);

/** What somebody may have put in the place of a pack, by what comes of it. */
export const PACK_POISONS: Readonly<
  Record<
    'broken' | 'lacking' | 'wrong' | 'more than it may' | 'harmless',
    Readonly<Record<string, (entry: SoundEntry) => Buffer>>
  >
> = {
  broken: {
    nothing: () => Buffer.alloc(0),
    'a web page': () => Buffer.from('<html>not found</html>'),
    'random bytes': () => Buffer.from(digestOf(evil).repeat(500)),
    'its first half': (entry) => packed(entry).subarray(0, packed(entry).length / 2),
    'all but its last byte': (entry) => packed(entry).subarray(0, -1),
    'its tar cut before it was compressed': (entry) =>
      zstdCompressSync(rawTar(filesOf(entry)).subarray(0, 700)),
    'a tar that is not compressed': (entry) => rawTar(filesOf(entry)),
    'another compression': (entry) => gzipSync(rawTar(filesOf(entry))),
    'a zip': () => Buffer.from('504b0506000000000000000000000000000000000000', 'hex'),
    'a header with a wrong sum': each((file) => [{ ...file, checksum: '000000\0 ' }]),
    'a size that is no number': each((file) => [{ ...file, size: 'zzzzzzzzzzz' }]),
    'a bomb in a file elsewhere, before all': (entry) =>
      archive({ name: 'bomb', data: Buffer.alloc(4 * 1024 * 1024) }, ...filesOf(entry)),
  },
  lacking: {
    'no file': () => archive(),
    'one file less': (entry) => packed({ ...entry, files: entry.files.slice(1) }),
  },
  wrong: {
    'wrong bytes of the right size': each((file) => [{ ...file, data: flipped(file.data) }]),
    'the bytes of one under the name of another': each((file, at, all) => [
      { ...file, data: all[(at + 1) % all.length]?.data ?? evil },
    ]),
    'files of another size': each((file) => [{ ...file, data: Buffer.concat([file.data ?? evil, evil]) }]),
    'empty files': each((file) => [{ name: file.name }]),
    'another file alone': ({ folder }) => archive({ name: `${folder}/${ZERO}`, data: evil }),
    'symbolic links in place of the files': each((file) => [
      { name: file.name, type: '2', link: '/etc/passwd' },
    ]),
    'hard links in place of the files': each((file) => [{ name: file.name, type: '1', link: '/etc/passwd' }]),
    'folders in place of the files': each((file) => [{ name: `${file.name}/`, type: '5' }]),
    'devices in place of the files': each((file) => [{ name: file.name, type: '3' }]),
    'a size of eight exabytes': each((file) => [
      { ...file, size: '\u0000\u0000\u0000\u0000\u007f\u007f\u007f\u007f\u007f\u007f\u007f' },
    ]),
    'a name of pax that leads elsewhere': each((file) => [
      { name: 'pax', type: 'x', data: paxRecord('path', '../../escaped') },
      file,
    ]),
    'a size of pax that is another one': each((file) => [
      { name: 'pax', type: 'x', data: paxRecord('size', '1') },
      file,
    ]),
    'a name of GNU tar that leads elsewhere': each((file) => [
      { name: '././@LongLink', type: 'L', data: Buffer.from('../../escaped\0') },
      file,
    ]),
    'a bomb under a digest': (entry) =>
      archive({ name: `${entry.folder}/${ZERO}`, data: Buffer.alloc(4 * 1024 * 1024) }, ...filesOf(entry)),
    'nine thousand empty files before its own': (entry) =>
      archive(
        ...Array.from({ length: 9000 }, (_, at) => ({ name: `${entry.folder}/${octal(at, 64)}` })),
        ...filesOf(entry),
      ),
  },
  'more than it may': {
    'a file beside the right ones': beside((folder) => ({ name: `${folder}/${ZERO}`, data: evil })),
    'a file whose name is no digest': beside((folder) => ({ name: `${folder}/passwd`, data: evil })),
    'a digest in capitals': beside((folder) => ({ name: `${folder}/${'A'.repeat(64)}`, data: evil })),
    'a digest with a path behind it': beside((folder) => ({ name: `${folder}/${ZERO}/x`, data: evil })),
    'a path above the workspace': beside(() => ({ name: '../../escaped', data: evil })),
    'a path from the root': beside(() => ({ name: '/tmp/os-cache-escaped', data: evil })),
    'a path out of its folder': beside((folder) => ({ name: `${folder}/../../../escaped`, data: evil })),
    'a file of the workspace': beside(() => ({ name: '.git/config', data: evil })),
    'a symbolic link': beside((folder) => ({ name: `${folder}/${ZERO}`, type: '2', link: '/etc/passwd' })),
    'a hard link': beside((folder) => ({ name: `${folder}/${ZERO}`, type: '1', link: '/etc/passwd' })),
    'a link in its folder’s place': beside((folder) => ({ name: folder, type: '2', link: '/tmp' })),
    'a character device': beside((folder) => ({ name: `${folder}/${ZERO}`, type: '3' })),
    'a block device': beside((folder) => ({ name: `${folder}/${ZERO}`, type: '4' })),
    'a pipe': beside((folder) => ({ name: `${folder}/${ZERO}`, type: '6' })),
    'a type that nobody knows': beside((folder) => ({ name: `${folder}/${ZERO}`, type: 'Z', data: evil })),
    'each name twice, the wrong bytes first': each((file) => [{ ...file, data: flipped(file.data) }, file]),
  },
  harmless: {
    'a second frame, of junk': (entry) => Buffer.concat([packed(entry), Buffer.from('28b52ffdffff', 'hex')]),
    'its files as sparse ones of GNU tar': each((file) => [{ ...file, type: 'S' }]),
    'each name twice, the wrong bytes last': each((file) => [file, { ...file, data: flipped(file.data) }]),
  },
};

/** The fields of a catalogue, as it is written. */
export interface SoundCatalogue {
  readonly version: number;
  readonly contents: Readonly<Record<string, string>>;
  readonly packs: readonly { readonly form: number; readonly blobs: Readonly<Record<string, number>> }[];
  readonly served: Readonly<Record<string, string>>;
}

const changed =
  (change: (catalogue: SoundCatalogue) => object) =>
  (catalogue: SoundCatalogue): string =>
    JSON.stringify(change(catalogue));
const withBlobs = (change: (blobs: Readonly<Record<string, number>>) => object) =>
  changed((catalogue) => ({
    ...catalogue,
    packs: catalogue.packs.map((pack) => ({ ...pack, blobs: change(pack.blobs) })),
  }));

const digestAt = (at: number): string => `sha256:${octal(at, 64)}`;

type CataloguePoison = (catalogue: SoundCatalogue) => string | Buffer;

/** What a catalogue may say under a key that has the hash of its bytes, since its writer is a stranger; not used at all. */
export const REFUSED_CATALOGUES: Readonly<Record<string, CataloguePoison>> = {
  nothing: () => '',
  'a web page': () => '<html>not found</html>',
  null: () => 'null',
  'a list': () => '[]',
  'bytes that are no UTF-8': () => Buffer.from([0x7b, 0xff, 0xfe, 0x7d]),
  'another version': changed((catalogue) => ({ ...catalogue, version: 3 })),
  'a field more': changed((catalogue) => ({ ...catalogue, run: 'rm -rf /' })),
  'a prototype': (catalogue) => JSON.stringify(catalogue).replace('{', '{"__proto__":{"version":2},'),
  'a field less': changed(({ version, contents, packs }) => ({ version, contents, packs })),
  'words after its end': (catalogue) => `${JSON.stringify(catalogue)}{}`,
  'a hundred thousand brackets': () => '['.repeat(100_000),
  'three hundred thousand empty objects': (catalogue) =>
    `${JSON.stringify(catalogue).slice(0, -1)},"x":[${'{},'.repeat(300_000)}{}]}`,
  'more packs than any run saves': changed((catalogue) => ({
    ...catalogue,
    packs: Array.from({ length: 1001 }, (_, at) => ({ form: 0, blobs: { [digestAt(at)]: 1 } })),
  })),
  'more blobs than any list has': (catalogue) =>
    JSON.stringify(catalogue).replace('"blobs":{', `"blobs":{${`"${digestAt(1)}":1,`.repeat(200_001)}`),
  'a path in a digest': withBlobs((blobs) => ({ ...blobs, 'sha256:../../../etc/passwd': 1 })),
  'another algorithm': withBlobs((blobs) => ({ ...blobs, [`md5:${'0'.repeat(32)}`]: 1 })),
  'a size below zero': withBlobs((blobs) => ({ ...blobs, [digestAt(1)]: -1 })),
  'a size beyond all numbers': (catalogue) => JSON.stringify(catalogue).replace('"form":0', '"form":1e999'),
  'a form without end': changed((catalogue) => ({
    ...catalogue,
    packs: catalogue.packs.map((pack) => ({ ...pack, form: 1_000_000 })),
  })),
  'contents that are no base64': changed((catalogue) => ({
    ...catalogue,
    contents: { [digestAt(1)]: '%%%' },
  })),
  'a tag that serves no digest': changed((catalogue) => ({
    ...catalogue,
    served: { [octal(1, 64)]: 'latest' },
  })),
};

/** Those that fit the schema, and what comes nevertheless: large and small content. */
export const LYING_CATALOGUES: Readonly<Record<string, readonly [CataloguePoison, number, number]>> = {
  'other bytes under a digest': [
    changed((catalogue) => ({
      ...catalogue,
      contents: Object.fromEntries(
        Object.keys(catalogue.contents).map((digest) => [
          digest,
          Buffer.from('{"layers":[]}').toString('base64'),
        ]),
      ),
    })),
    2,
    0,
  ],
  'each digest twice, the wrong bytes last': [
    (catalogue) => {
      const wrong = Object.keys(catalogue.contents).map((digest) => `${JSON.stringify(digest)}:"e30="`);
      return JSON.stringify(catalogue)
        .replace('"contents":{', `"contents":{${wrong.join()},`)
        .replace(
          /("contents":\{)(.*?)(\})/,
          (_, open: string, all: string, close: string) => `${open}${all},${wrong.join()}${close}`,
        );
    },
    2,
    0,
  ],
  'sizes that are not true': [
    withBlobs((blobs) => Object.fromEntries(Object.keys(blobs).map((digest) => [digest, 1]))),
    2,
    2,
  ],
  'a pack that is not there': [withBlobs((blobs) => ({ ...blobs, [digestAt(1)]: 30 * 2 ** 30 })), 0, 2],
  'every blob in a pack of its own': [
    changed((catalogue) => ({
      ...catalogue,
      packs: catalogue.packs.flatMap(({ blobs }) =>
        Object.entries(blobs).map(([digest, size]) => ({ form: 0, blobs: { [digest]: size } })),
      ),
    })),
    0,
    2,
  ],
};
