import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { createTarPacker, unpackTar } from 'modern-tar';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ByteSource, computeTar, type TarEntry } from '../../src/archive/index.ts';
import { type HeaderFields, tarHeader } from '../../src/archive/tar-header.ts';
import { readRange } from '../../src/files/index.ts';

let folder: string;
let file: string;
let tar: ByteSource;

/** An entry whose content is in the file, which says that it has `size` bytes. */
const entryOfFile = (name: string, size: number): TarEntry => ({
  kind: 'blob',
  path: name,
  size,
  open: (start, end) => readRange(file, start, end),
});

const bytesOf = async (source: AsyncIterable<Uint8Array>): Promise<Buffer> =>
  Buffer.concat(await Array.fromAsync(source));

/** What modern-tar writes before an entry's bytes. */
async function headerOfPacker({ path: name, type, size, linkTo }: HeaderFields): Promise<Buffer> {
  const { readable, controller } = createTarPacker();
  const mode = type === 'directory' ? 0o755 : 0o644;
  const linkname = linkTo === undefined ? {} : { linkname: linkTo };
  controller.add({
    name,
    type,
    size,
    mode,
    mtime: new Date('1980-02-01T00:00:00Z'),
    uid: 0,
    gid: 0,
    ...linkname,
  });
  const chunks: Uint8Array[] = [];
  // The packer gives the blocks of a header at once, and then waits for the entry's bytes.
  const reader = readable.getReader();
  for (let isLast = false; !isLast;) {
    const { value } = await reader.read();
    if (value === undefined) break;
    chunks.push(value);
    isLast = value.length === 512 && value[156] !== 'x'.charCodeAt(0) && value[257] === 'u'.charCodeAt(0);
  }
  return Buffer.concat(chunks);
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'tar-'));
  file = path.join(folder, 'blob');
  await writeFile(file, Buffer.alloc(3000, 'blob'));
  tar = computeTar([
    { kind: 'folder', path: 'blobs' },
    entryOfFile('blobs/one', 3000),
    { kind: 'bytes', path: 'index.json', bytes: new TextEncoder().encode('{}') },
    { kind: 'bytes', path: 'empty', bytes: new Uint8Array() },
    { kind: 'bytes', path: 'kit/serve.sh', bytes: new TextEncoder().encode('#!/bin/sh'), isExecutable: true },
    { kind: 'link', path: `${'long/'.repeat(30)}name`, to: 'blobs/one' },
  ]);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('a computed tar', () => {
  it('knows its length, and holds the given entries', async () => {
    const bytes = await bytesOf(tar.read());
    expect(bytes.length).toBe(tar.size);
    expect(tar.size % 512).toBe(0);
    const entries = await unpackTar(bytes);
    expect(entries.map(({ header }) => [header.type, header.name, header.mode, header.uid])).toEqual([
      ['directory', 'blobs/', 0o755, 0],
      ['file', 'blobs/one', 0o644, 0],
      ['file', 'index.json', 0o644, 0],
      ['file', 'empty', 0o644, 0],
      ['file', 'kit/serve.sh', 0o755, 0],
      ['link', `${'long/'.repeat(30)}name`, 0o644, 0],
    ]);
    expect(entries[1]?.data).toHaveLength(3000);
    expect(entries[5]?.header.linkname).toBe('blobs/one');
  });

  it('has the headers that another packer makes, also where names and sizes need a record', async () => {
    const part = fc.stringMatching(/^[a-zé.-]{1,90}$/);
    const name = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/'));
    const large = fc.constantFrom(0o77777777777 - 1, 0o77777777777, 0o77777777777 + 1, 2 ** 43);
    const fields = fc.record({
      path: fc.oneof(
        name,
        fc.nat({ max: 300 }).map((length) => `d/${'n'.repeat(length)}`),
      ),
      type: fc.constantFrom('file', 'link', 'directory' as const),
      size: fc.oneof(fc.nat(), large),
      linkTo: name,
    });
    await fc.assert(
      fc.asyncProperty(fields, async ({ path: to, type, size, linkTo }) => {
        const wanted = {
          path: type === 'directory' ? `${to}/` : to,
          type,
          size: type === 'file' ? size : 0,
          ...(type === 'link' ? { linkTo } : {}),
        };
        expect(Buffer.from(tarHeader(wanted))).toEqual(await headerOfPacker(wanted));
      }),
    );
  });

  it('gives any range of its bytes', async () => {
    const whole = await bytesOf(tar.read());
    const position = fc.nat({ max: tar.size });
    await fc.assert(
      fc.asyncProperty(position, position, async (a, b) => {
        const [start, end] = [Math.min(a, b), Math.max(a, b)];
        expect(await bytesOf(tar.read(start, end))).toEqual(whole.subarray(start, end));
      }),
    );
  });

  it('can hold an entry over 8 GiB', async () => {
    const size = 9 * 2 ** 30;
    const large = computeTar([entryOfFile('large', size)]);
    const [pax] = [await bytesOf(large.read(0, 1024))];
    expect(pax.toString('latin1')).toContain(`size=${size}\n`);
    expect(large.size).toBeGreaterThan(size);
  });

  it('fails where a file is shorter than it was', async () => {
    const longer = computeTar([entryOfFile('one', 4000)]);
    await expect(bytesOf(longer.read())).rejects.toThrow(/ended after 3000 bytes/);
  });
});
