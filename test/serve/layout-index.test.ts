import { truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createIndexReader, parseLayoutIndex } from '../../src/serve/tree/layout-index.ts';
import { folderFiles } from '../../src/serve/tree/folder-files.ts';
import { tempFolder } from '../support/temp.ts';
import { OCI_MANIFEST, Repository, sha256 } from './tree.ts';

const bytes = (json: unknown) => Buffer.from(JSON.stringify(json));
const entry = (content: string, tag?: string) => ({
  mediaType: OCI_MANIFEST,
  digest: sha256(content),
  size: 1,
  ...(tag === undefined ? {} : { annotations: { 'org.opencontainers.image.ref.name': tag } }),
});

describe('index.json', () => {
  it('finds the first entry of a tag or a digest', () => {
    const index = parseLayoutIndex(
      bytes({ manifests: [entry('a', '1'), entry('b', '1'), entry('b'), entry('b', '2')] }),
    );
    expect(index?.entries.map(({ tag }) => tag)).toEqual(['1', '1', undefined, '2']);
    expect(index?.byReference.get('1')?.digest).toBe(sha256('a'));
    expect(index?.byReference.get('2')?.digest).toBe(sha256('b'));
    expect(index?.byReference.get(sha256('b'))?.tag).toBe('1');
  });

  it('keeps a tag as it is written', () => {
    const index = parseLayoutIndex(bytes({ manifests: [entry('a', 'docker.io/library/x:1.0')] }));
    expect(index?.byReference.has('1.0')).toBe(false);
    expect(index?.byReference.has('docker.io/library/x:1.0')).toBe(true);
  });

  it.each([
    ['no JSON', Buffer.from('{')],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0x22])],
    ['a byte order mark', Buffer.from('\uFEFF{}')],
    ['no object', bytes([])],
    ['manifests that are no list', bytes({ manifests: {} })],
    ['a digest that is no text', bytes({ manifests: [{ digest: 1 }] })],
    ['a size that is no whole number', bytes({ manifests: [{ size: 1.5 }] })],
    ['an annotation that is no text', bytes({ manifests: [{ annotations: { a: 1 } }] })],
  ])('is damaged with %s', (_, bytes) => {
    expect(parseLayoutIndex(bytes)).toBeUndefined();
  });

  it.each([[{}], [{ manifests: null }], [{ manifests: [] }]])('may be empty: %j', (json) => {
    expect(parseLayoutIndex(bytes(json))?.entries).toEqual([]);
  });
});

describe('the reader of index.json', () => {
  it('reads a changed file again, and no other', async () => {
    await using folder = await tempFolder('index');
    const repository = new Repository(folder.path, 'a');
    await repository.write();
    const readIndex = createIndexReader(folderFiles(folder.path));
    const first = await readIndex('a');
    expect(await readIndex('a')).toBe(first);
    await repository.writeIndex({ manifests: [entry('a', '1')] });
    expect(await readIndex('a')).toMatchObject({ entries: [{ tag: '1' }] });
  });

  it('found G4: reads a changed file again that has the number, the size and the time of the one before', async () => {
    await using folder = await tempFolder('index');
    const repository = new Repository(folder.path, 'a');
    const file = join(repository.folder, 'index.json');
    const time = new Date('1980-02-01T00:00:00Z');
    await repository.write();
    await repository.writeIndex({ manifests: [entry('a', '1')] });
    await utimes(file, time, time);
    const readIndex = createIndexReader(folderFiles(folder.path));
    expect(await readIndex('a')).toMatchObject({ entries: [{ tag: '1' }] });
    await repository.writeIndex({ manifests: [entry('a', '2')] });
    await utimes(file, time, time);
    expect(await readIndex('a')).toMatchObject({ entries: [{ tag: '2' }] });
  });

  it('reads once for many requests at once', async () => {
    await using folder = await tempFolder('index');
    await new Repository(folder.path, 'a').write();
    const readIndex = createIndexReader(folderFiles(folder.path));
    await readIndex('a');
    const all = await Promise.all(Array.from({ length: 20 }, () => readIndex('a')));
    expect(new Set(all).size).toBe(1);
  });

  it('returns nothing where there is no file, and says what is wrong with a damaged one', async () => {
    await using folder = await tempFolder('index');
    const repository = new Repository(folder.path, 'a');
    await repository.write();
    const readIndex = createIndexReader(folderFiles(folder.path));
    expect(await readIndex('b')).toBeUndefined();
    await writeFile(join(repository.folder, 'index.json'), 'x');
    expect(await readIndex('a')).toMatchObject({
      status: 500,
      message: 'index.json of a does not fit the image-spec',
    });
  });

  it('found B10: does not read a file of more than 16 MiB', async () => {
    await using folder = await tempFolder('index');
    const repository = new Repository(folder.path, 'a');
    await repository.write();
    await truncate(join(repository.folder, 'index.json'), 16 * 1024 * 1024 + 1);
    const answer = await createIndexReader(folderFiles(folder.path))('a');
    expect(answer).toMatchObject({
      status: 500,
      message: 'index.json of a has more than 16 MiB, which is not served',
    });
  });

  it('found B10: keeps no more than 16 MiB of files, and reads them one by one', async () => {
    await using folder = await tempFolder('index');
    const names = ['a', 'b', 'c', 'd'];
    for (const name of names) {
      const repository = new Repository(folder.path, name);
      await repository.write();
      await writeFile(join(repository.folder, 'index.json'), `{}${' '.repeat(6 * 1024 * 1024)}`);
    }
    const readIndex = createIndexReader(folderFiles(folder.path));
    // At once: which of them comes last depends on the disk.
    await Promise.all(names.map(readIndex));
    const first = await readIndex('a');
    expect(await readIndex('a')).toBe(first);
    for (const name of ['b', 'c', 'd']) await readIndex(name);
    expect(await readIndex('a')).not.toBe(first);
    expect(await readIndex('a')).toEqual(first);
  });
});
