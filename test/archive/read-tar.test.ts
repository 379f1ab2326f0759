import { execFileSync } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { link, mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { computeTar, readTar, TarFault, type TarEntry } from '../../src/archive/index.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';

let temp: TempFolder;
beforeAll(async () => {
  temp = await tempFolder('read-tar');
});
afterAll(() => temp.close());

type Summary = [path: string, kind: string, size: number, to: string, bytes?: string];

/** The entries, each with its bytes where `whole`. */
async function summaries(source: Parameters<typeof readTar>[0], whole = true): Promise<Summary[]> {
  const found: Summary[] = [];
  for await (const { path: name, kind, size, to, body } of readTar(source)) {
    const bytes = whole ? Buffer.concat(await Array.fromAsync(body)).toString('latin1') : undefined;
    found.push(bytes === undefined ? [name, kind, size, to] : [name, kind, size, to, bytes]);
  }
  return found;
}

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const entries = fc.array(
  fc.record({
    name: fc.stringMatching(/^[a-z]{1,8}(?:\/[a-z]{1,60}){0,4}$/),
    content: fc.uint8Array({ maxLength: 2000 }),
  }),
  { maxLength: 6 },
);

describe('reading a tar', () => {
  it('gives the entries that were written, however its bytes are cut, streamed or by ranges', async () => {
    await fc.assert(
      fc.asyncProperty(entries, fc.integer({ min: 1, max: 3000 }), async (written, size) => {
        const all: TarEntry[] = written.flatMap(({ name, content }) => [
          { kind: 'bytes', path: name, bytes: content },
          { kind: 'link', path: `${name}.link`, to: name },
          { kind: 'folder', path: `${name}.d` },
        ]);
        const tar = computeTar(all);
        const expected = written.flatMap(({ name, content }): Summary[] => [
          [name, 'file', content.length, '', Buffer.from(content).toString('latin1')],
          [`${name}.link`, 'link', 0, name, ''],
          [`${name}.d`, 'folder', 0, '', ''],
        ]);
        const bytes = Buffer.concat(await Array.fromAsync(tar.read()));
        expect(await summaries(inChunks(bytes, size))).toEqual(expected);
        expect(await summaries(tar)).toEqual(expected);
        expect(await summaries(tar, false)).toEqual(expected.map((one) => one.slice(0, 4)));
      }),
      { numRuns: 40 },
    );
  });

  it('passes over what nobody reads of a source of ranges, also beyond 8 GiB', async () => {
    const size = 9 * 2 ** 30;
    let opened = 0;
    async function* zeros(start: number, end: number): AsyncGenerator<Uint8Array> {
      opened += 1;
      for (let left = end - start; left > 0; left -= 65_536) yield Buffer.alloc(Math.min(left, 65_536));
    }
    const tar = computeTar([
      { kind: 'blob', path: 'large', size, open: zeros },
      { kind: 'bytes', path: 'last', bytes: Buffer.from('end') },
    ]);
    expect(await summaries(tar, false)).toEqual([
      ['large', 'file', size, ''],
      ['last', 'file', 3, ''],
    ]);
    expect(opened).toBeLessThan(2);
  });

  it.each(['ustar', 'pax', 'gnu'])('reads what GNU tar writes as %s', async (format) => {
    const folder = path.join(temp.path, format);
    const long =
      format === 'ustar' ? `${'d'.repeat(90)}/${'f'.repeat(90)}` : `${'d/'.repeat(60)}${'n'.repeat(120)}`;
    await mkdir(path.join(folder, path.dirname(long)), { recursive: true });
    await writeFile(path.join(folder, long), 'long');
    // A ustar header has no room for the long name of a link's target.
    const target = format === 'ustar' ? 'y' : long;
    await writeFile(path.join(folder, 'y'), 'y');
    await link(path.join(folder, target), path.join(folder, 'zlink'));
    await symlink('zlink', path.join(folder, 'zsymbolic'));
    const file = path.join(temp.path, `${format}.tar`);
    execFileSync('tar', ['--sort=name', `--format=${format}`, '-cf', file, '.'], { cwd: folder });
    const found = (await summaries(createReadStream(file))).filter(([, kind]) => kind !== 'folder');
    expect(found).toEqual([
      [long, 'file', 4, '', 'long'],
      ['y', 'file', 1, '', 'y'],
      ['zlink', 'link', 0, target, ''],
      ['zsymbolic', 'other', 0, 'zlink', ''],
    ]);
  });

  it('says where it is cut off or damaged, and reads no bytes as an entry that are none', async () => {
    const tar = computeTar([{ kind: 'bytes', path: 'a/file', bytes: Buffer.alloc(1000, 'x') }]);
    const bytes = Buffer.concat(await Array.fromAsync(tar.read()));
    const fault = async (wrong: Uint8Array): Promise<[string, number]> => {
      const error = await summaries(inChunks(wrong, 700)).catch((thrown: unknown) => thrown);
      if (error instanceof TarFault) return [error.message, error.offset];
      throw new Error('it was read');
    };
    expect(await fault(bytes.subarray(0, 900))).toEqual([
      'it ends within a/file, after 388 of 1000 bytes: it was cut off',
      900,
    ]);
    expect(await fault(bytes.subarray(0, 1536))).toEqual([
      'it ends before its last entry: it was cut off',
      1536,
    ]);
    expect(await fault(new Uint8Array())).toEqual(['it is empty', 0]);
    expect(await fault(Buffer.from('quay.io/acme/web:1\n'))).toEqual(['it is shorter than any archive', 0]);
    expect(await fault(Buffer.alloc(512, 'x'))).toEqual(['a header is damaged', 0]);
    for (let at = 0; at < 512; at += 1) {
      const wrong = Buffer.from(bytes);
      wrong[at] = (wrong[at] ?? 0) ^ 1;
      // The sum covers every byte of a header. A digit of its own field may become a blank before it, or a blank the end.
      expect(await fault(wrong)).toEqual(['a header is damaged', 0]);
    }
  });

  /** What is read of an archive when reading goes on after what is damaged. */
  async function readOn(bytes: Uint8Array): Promise<{ names: string[]; faults: [string, number][] }> {
    const faults: [string, number][] = [];
    const names: string[] = [];
    const note = ({ message, offset }: TarFault): void => void faults.push([message, offset]);
    for await (const entry of readTar(inChunks(bytes, 700), note)) names.push(`${entry.kind} ${entry.path}`);
    return { names, faults };
  }

  it('V9: goes on at the next header after a damaged one, and looks at what fills the archive up', async () => {
    const tar = computeTar(
      ['a', 'b', 'c'].map((name) => ({ kind: 'bytes', path: name, bytes: Buffer.alloc(1000, name) })),
    );
    const bytes = Buffer.concat(await Array.fromAsync(tar.read()));
    const spoiled = (at: number): Buffer => {
      const wrong = Buffer.from(bytes);
      wrong[at] = (wrong[at] ?? 0) ^ 1;
      return wrong;
    };
    const all = ['file a', 'file b', 'file c'];
    expect(await readOn(bytes)).toEqual({ names: all, faults: [] });
    expect(await readOn(Buffer.concat([bytes, Buffer.alloc(8192)]))).toEqual({ names: all, faults: [] });
    expect(await readOn(spoiled(1536 + 3))).toEqual({
      names: ['file a', 'file c'],
      faults: [['a header is damaged', 1536]],
    });
    expect(await readOn(spoiled(512 + 1000))).toEqual({
      names: all,
      faults: [['the bytes that fill up a are damaged', 1512]],
    });
    expect(await readOn(Buffer.concat([bytes, bytes]))).toEqual({
      names: all,
      faults: [['something follows its last entry', bytes.length]],
    });
    expect(await readOn(spoiled(bytes.length - 1))).toMatchObject({ faults: [[expect.any(String), 5631]] });
  });

  it.each([
    ['gzip', gzipSync(Buffer.alloc(2000))],
    ['zstd', zstdCompressSync(Buffer.from('x'.repeat(5000)))],
  ])('case J4: says of an archive in %s that it is compressed', async (program, bytes) => {
    const padded = Buffer.concat([bytes, Buffer.alloc(600)]);
    await expect(summaries(inChunks(padded, 512))).rejects.toThrow(`it is compressed: ${program} -dc`);
  });

  it('V15: closes the source where the reader stops, and where the archive is damaged', async () => {
    const tar = computeTar([{ kind: 'bytes', path: 'a', bytes: Buffer.alloc(1000) }]);
    const bytes = Buffer.concat(await Array.fromAsync(tar.read()));
    let open = 0;
    async function* counted(some: Uint8Array): AsyncGenerator<Uint8Array> {
      open += 1;
      try {
        yield* inChunks(some, 512);
      } finally {
        open -= 1;
      }
    }
    for await (const entry of readTar(counted(bytes))) {
      expect([entry.path, open]).toEqual(['a', 1]);
      break;
    }
    expect(open).toBe(0);
    await expect(summaries(counted(Buffer.alloc(2000, 'x')))).rejects.toThrow('damaged');
    expect(open).toBe(0);
  });

  it('bounds a record before a header, and refuses a size that no file has', async () => {
    const header = (type: string, size: number, name = 'x'): Buffer => {
      const block = Buffer.alloc(512);
      block.write(name, 0);
      block.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
      block.write(`        ${type}`, 148);
      block.write('ustar\u000000', 257);
      const sum = block.reduce((total, byte) => total + byte, 0);
      block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
      return block;
    };
    const record = (text: string): Buffer =>
      Buffer.concat([header('x', text.length), Buffer.from(text.padEnd(512, '\0'))]);
    const read = (...blocks: Buffer[]): Promise<Summary[]> => summaries(inChunks(Buffer.concat(blocks), 512));
    await expect(read(header('x', 2 ** 30))).rejects.toThrow('a header’s record is too large');
    await expect(read(record('18 size=-12345678\n'), header('0', 0))).rejects.toThrow('a size is invalid');
    await expect(read(record('11 size=xx\n'), header('0', 0))).rejects.toThrow('a size is invalid');
    await expect(read(record('12 size=0x1\n'), header('0', 0))).rejects.toThrow('a size is invalid');
    for (const text of ['13 path=y/z\n', '9 path=y/z\n', 'x path=y/z\n', '12 path=y/zz'])
      await expect(read(record(text), header('0', 0))).rejects.toThrow('a header’s record is damaged');
    const deep = `path=${'a/'.repeat(20_000)}`;
    const length = String(deep.length + 7);
    const long = Buffer.from(`${length} ${deep}\n`);
    const padding = Buffer.alloc((512 - (long.length % 512)) % 512);
    const whole = Buffer.concat([header('x', long.length), long, padding]);
    await expect(read(whole, header('0', 0))).rejects.toThrow('a name is too long');
    // GNU tar's sparse file, and a contiguous one.
    const block = Buffer.alloc(512, 'x');
    expect(await read(header('S', 512), block, header('7', 512, 'c'), block, Buffer.alloc(1024))).toEqual([
      ['x', 'other', 512, '', block.toString()],
      ['c', 'file', 512, '', block.toString()],
    ]);
    expect(await read(record('12 path=y/z\n'), header('5', 0), Buffer.alloc(1024))).toEqual([
      ['y/z', 'folder', 0, '', ''],
    ]);
  });
});
