import {
  appendFile,
  link,
  mkdir,
  readdir,
  readFile,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { damagedBlobOf, openStore, type Store } from '../../src/store/index.ts';
import { outputOf } from '../support/program.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';

const bytes = new TextEncoder().encode('a blob');
const blob = { digest: digestOf(bytes), size: bytes.length };
let temp: TempFolder;
let healed: string[];
const open = (full = false): Promise<Store> =>
  openStore(temp.path, { full, onHealed: (digest, why) => healed.push(`${digest === blob.digest} ${why}`) });

/** Other bytes of the same number under the same stamp, to the nanosecond. */
async function damageUnseen(file: string): Promise<void> {
  const reference = path.join(temp.path, 'times');
  await outputOf('touch', ['-r', file, reference]);
  await writeFile(file, 'a bloc');
  await outputOf('touch', ['-r', reference, file]);
}

beforeEach(async () => {
  temp = await tempFolder('store');
  healed = [];
});
afterEach(() => temp.close());

describe('a store', () => {
  it('has every blob that was put, adopted or written, under its digest', async () => {
    const store = await open();
    expect(await store.has(blob)).toBe(false);
    await store.put(bytes, undefined);
    expect(await store.has(blob)).toBe(true);
    expect(await store.read(blob.digest, 100)).toEqual(Buffer.from(bytes));
    expect(await store.read(blob.digest, 3)).toBeUndefined();
  });

  it('keeps a right blob for which a manifest gives another size', async () => {
    const store = await open();
    await store.put(bytes, undefined);
    expect(await store.has({ ...blob, size: blob.size + 1 })).toBe(false);
    expect(await store.verify({ ...blob, size: 1 })).toBe(false);
    expect(healed).toEqual([]);
    expect(await store.has(blob)).toBe(true);
  });

  it('takes a written blob only when its size and digest are right', async () => {
    const store = await open();
    const short = await store.write(blob, undefined);
    await short.write(bytes.subarray(0, 3));
    await expect(short.commit()).rejects.toMatchObject({ code: 'digest' });
    await short.abort();
    const wrong = await store.write(blob, undefined);
    await wrong.write(new TextEncoder().encode('A BLOB'));
    await expect(wrong.commit()).rejects.toMatchObject({ code: 'digest' });
    await wrong.abort();
    const long = await store.write(blob, undefined);
    await expect(long.write(new Uint8Array(blob.size + 1))).rejects.toMatchObject({ code: 'digest' });
    await long.abort();
    expect(await store.has(blob)).toBe(false);
    expect(await readdir(store.runFolder)).toEqual([]);
  });

  it('starts a blob again where a server cannot resume', async () => {
    const store = await open();
    const writer = await store.write(blob, undefined);
    await writer.write(bytes.subarray(0, 2));
    await writer.restart();
    expect(writer.received).toBe(0);
    await writer.write(bytes);
    await writer.commit();
    expect(await store.has(blob)).toBe(true);
  });

  it('refuses to adopt a file that has another digest', async () => {
    const store = await open();
    const file = path.join(store.runFolder, 'file');
    await writeFile(file, 'another');
    await expect(store.adopt(file, blob, undefined)).rejects.toMatchObject({ code: 'digest' });
    await writeFile(file, bytes);
    await store.adopt(file, blob, undefined);
    expect(await store.has(blob)).toBe(true);
  });

  it.each([
    ['cut', (file: string) => truncate(file, 2)],
    ['emptied', (file: string) => truncate(file, 0)],
    ['changed in one byte', (file: string) => writeFile(file, 'a bloc')],
    ['lengthened', (file: string) => appendFile(file, 'x')],
  ])('drops a blob that was %s, and says so', async (_, damage) => {
    const first = await open();
    await first.put(bytes, undefined);
    await damage(first.pathOf(blob.digest));
    const store = await open();
    expect(await store.has(blob)).toBe(false);
    expect(healed).toHaveLength(1);
    expect(await readdir(path.dirname(store.pathOf(blob.digest)))).toEqual([]);
  });

  it('trusts a stamp, which a further link leaves as it is, unless everything is to be hashed', async () => {
    const first = await open();
    await first.put(bytes, undefined);
    const file = first.pathOf(blob.digest);
    await link(file, path.join(temp.path, 'second name'));
    expect(await (await open()).has(blob)).toBe(true);
    // The same stamp over other bytes: only a full check can see it.
    const { mtime, atime } = await import('node:fs/promises').then(({ stat }) => stat(file));
    await writeFile(file, 'a bloc');
    await utimes(file, atime, mtime);
    expect(await (await open(true)).has(blob)).toBe(false);
  });

  it('trusts no stamp for blobs that leave it: a blob that this run has not hashed is hashed, in every way out', async () => {
    const first = await open();
    await first.put(bytes, undefined);
    const file = first.pathOf(blob.digest);
    const bytesOf = async (store: Store, ...range: number[]): Promise<string> =>
      text(store.open(blob, ...range));
    expect([await bytesOf(first), await bytesOf(first, 2, 4)]).toEqual(['a blob', 'bl']);
    const ways: ((store: Store) => Promise<unknown>)[] = [
      (store) => store.verify(blob),
      (store) => bytesOf(store).catch(damagedBlobOf),
      (store) => bytesOf(store, 2, 4).catch(damagedBlobOf),
      (store) => store.read(blob.digest, 100),
    ];
    const answers: unknown[] = [];
    for (const way of ways) {
      await damageUnseen(file);
      const store = await open();
      expect(await store.has(blob)).toBe(true);
      answers.push(await way(store));
      expect(await store.has(blob)).toBe(false);
      // What is put then is right again, whatever stood there.
      await store.put(bytes, undefined);
      expect(await store.verify(blob)).toBe(true);
    }
    expect(answers).toEqual([false, blob.digest, blob.digest, undefined]);
    expect(healed).toHaveLength(ways.length);
  });

  it('never gives out the whole of a damaged blob', async () => {
    await (await open()).put(bytes, undefined);
    const store = await open();
    await damageUnseen(store.pathOf(blob.digest));
    let given = 0;
    const read = async (): Promise<void> => {
      for await (const chunk of store.open(blob)) given += chunk.length;
    };
    await expect(read()).rejects.toMatchObject({ code: 'digest', digest: blob.digest });
    expect(given).toBeLessThan(blob.size);
  });

  it('replaces a damaged blob whose stamp looks right', async () => {
    await (await open()).put(bytes, undefined);
    const store = await open();
    await damageUnseen(store.pathOf(blob.digest));
    const file = path.join(store.runFolder, 'file');
    await writeFile(file, bytes);
    await store.adopt(file, blob, undefined);
    expect(await readFile(store.pathOf(blob.digest), 'utf8')).toBe('a blob');
  });

  it('hashes a blob that came without a stamp', async () => {
    const first = await open();
    await writeFile(first.pathOf(blob.digest), 'not it');
    expect(await first.has({ ...blob, size: 6 })).toBe(false);
    await writeFile(first.pathOf(blob.digest), bytes);
    expect(await first.has(blob)).toBe(true);
  });

  it('skips torn lines of its journal', async () => {
    await (await open()).put(bytes, undefined);
    await appendFile(path.join(temp.path, 'journal.jsonl'), '{"hex":"torn\n\u0000\n{"hex": 3}\n');
    expect(await (await open()).has(blob)).toBe(true);
  });

  it('removes the folders of killed runs, and no others', async () => {
    const living = await open();
    const dead = living.runFolder.replace(/-\d+-([0-9a-f]{8})$/, '-999999999-$1');
    await import('node:fs/promises').then(({ mkdir }) => mkdir(dead));
    const store = await open();
    const runs = await readdir(path.dirname(store.runFolder));
    expect(runs).toContain(path.basename(living.runFolder));
    expect(runs).not.toContain(path.basename(dead));
    await store.close();
    expect(await readdir(path.dirname(store.runFolder))).not.toContain(path.basename(store.runFolder));
  });
});

describe('something else than a file under a blob’s name', () => {
  it.each<[string, (file: string) => Promise<unknown>]>([
    ['a link', (file) => symlink('elsewhere', file)],
    ['a folder', (file) => mkdir(path.join(file, 'deep'), { recursive: true })],
  ])('such as %s, is dropped', async (_, make) => {
    const store = await open();
    await writeFile(path.join(temp.path, 'blobs', 'sha256', 'elsewhere'), bytes);
    for (const look of [
      () => store.has(blob).then(String),
      () => store.read(blob.digest, 100).then((read) => String(read !== undefined)),
    ]) {
      await make(store.pathOf(blob.digest));
      expect(await look()).toBe('false');
    }
    expect(healed).toEqual(['true it is not a regular file', 'true it is not a regular file']);
    await store.put(bytes, undefined);
    expect(await store.has(blob)).toBe(true);
  });
});
