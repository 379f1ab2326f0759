import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { openStore, pruneStore, type Store } from '../../src/store/index.ts';
import { openOrigins } from '../../src/store/records/origins.ts';
import { failureOf } from '../registry/support.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';
import { namesIn } from '../support/whole-bundle.ts';

const bytes = new TextEncoder().encode('a private blob');
const blob = { digest: digestOf(bytes), size: bytes.length };
const origin = { repository: 'registry.example/team/app', isPrivate: true };

let temp: TempFolder;
beforeEach(async () => {
  temp = await tempFolder('origins');
});
afterEach(() => temp.close());

const openShared = (): Promise<Store> => openStore(temp.path, { asksAgain: true });

async function write(store: Store): Promise<void> {
  const writer = await store.write(blob, origin);
  await writer.write(bytes);
  await writer.commit();
}

async function fill(): Promise<void> {
  const store = await openShared();
  await write(store);
  expect(await store.has(blob)).toBe(true);
  await store.close();
}

describe('found B9: content that a repository gave for credentials', () => {
  it('is missing until a run has reached that repository', async () => {
    await fill();
    const store = await openShared();
    const look = async (): Promise<unknown[]> => [
      await store.has(blob),
      await store.verify(blob),
      (await store.read(blob.digest, 100)) !== undefined,
    ];
    store.origins.reach('registry.example/team/other');
    expect(await look()).toEqual([false, false, false]);
    expect((await failureOf(text(store.open(blob)))).message).toContain('its repository was not reached');
    store.origins.reach(origin.repository);
    expect(await look()).toEqual([true, true, true]);
    expect(await text(store.open(blob))).toBe('a private blob');
    await store.close();
  });

  it('gets no name in the store where that cannot be recorded', async () => {
    await mkdir(path.join(temp.path, 'store'));
    const store = await openStore(path.join(temp.path, 'store'));
    await mkdir(path.join(temp.path, 'store/origins.jsonl'));
    const writer = await store.write(blob, origin);
    await writer.write(bytes);
    await expect(writer.commit()).rejects.toThrow('EISDIR');
    await expect(store.put(bytes, origin)).rejects.toThrow('EISDIR');
    expect(await namesIn(path.join(temp.path, 'store/blobs/sha256'))).toEqual([]);
    await store.close();
  });

  it('is recorded without the repository’s name, and forgotten with the content', async () => {
    await fill();
    const file = path.join(temp.path, 'origins.jsonl');
    expect(await readFile(file, 'utf8')).toMatch(/^\n\{"key":"[0-9a-f]{64}","value":"[0-9a-f]{16}"\}\n$/);
    await pruneStore(temp.path, { rule: { kind: 'size', maxBytes: 0 } });
    expect(await readFile(file, 'utf8')).toBe('');
  });

  const arrivals: [string, (store: Store) => Promise<unknown>][] = [
    ['is written', write],
    ['is put', (store) => store.put(bytes, origin)],
    [
      'is adopted',
      async (store) => {
        const file = path.join(store.runFolder, 'adopted');
        await writeFile(file, bytes);
        await store.adopt(file, blob, origin);
      },
    ],
  ];
  it.each(arrivals)(
    'stays marked where it was pruned while a run was at work, and %s again',
    async (_, arrive) => {
      await fill();
      const store = await openShared();
      await pruneStore(temp.path, { rule: { kind: 'all' } });
      expect(await namesIn(path.join(temp.path, 'blobs/sha256'))).toEqual([]);
      await arrive(store);
      await store.close();
      expect(await (await openShared()).has(blob)).toBe(false);
    },
  );

  it('stays marked where its mark was forgotten by the run itself', async () => {
    await fill();
    const store = await openShared();
    await store.prune(0);
    expect(await readFile(path.join(temp.path, 'origins.jsonl'), 'utf8')).toBe('');
    await write(store);
    await store.close();
    expect(await (await openShared()).has(blob)).toBe(false);
  });

  it('stays marked where a line before its mark is torn', async () => {
    await (await openShared()).close();
    await writeFile(path.join(temp.path, 'origins.jsonl'), '{"key":"0123","val');
    await fill();
    expect(await (await openShared()).has(blob)).toBe(false);
  });

  it('hides what is made of it, as far as it is hidden itself', async () => {
    await fill();
    const store = await openShared();
    store.origins.reach(origin.repository);
    const made = { digest: await store.put(new Uint8Array(9), blob.digest), size: 9 };
    await store.close();
    const other = await openShared();
    expect([await other.has(blob), await other.has(made)]).toEqual([false, false]);
    other.origins.reach(origin.repository);
    expect([await other.has(blob), await other.has(made)]).toEqual([true, true]);
    // Who has the same bytes of what came freely may go on having them.
    const open = { digest: await other.put(new Uint8Array(5), undefined), size: 5 };
    await other.put(new Uint8Array(9), open.digest);
    await other.close();
    expect(await (await openShared()).has(made)).toBe(true);
  });

  it('is hidden from a run exactly where no repository that gave it was reached or gives it freely', async () => {
    const repository = fc.constantFrom('a/1', 'a/2', 'b/1');
    const given = fc.array(fc.record({ repository, isPrivate: fc.boolean() }), { maxLength: 6 });
    let files = 0;
    const property = fc.asyncProperty(given, fc.array(repository), async (origins, reached) => {
      const file = path.join(temp.path, `${(files += 1)}.jsonl`);
      for (const one of origins) await (await openOrigins(file, true)).note(blob.digest, one, true);
      const now = await openOrigins(file, true);
      reached.forEach(now.reach);
      const first = origins.findIndex(({ isPrivate }) => isPrivate);
      const isOpen = first < 0 || origins.slice(first).some(({ isPrivate }) => !isPrivate);
      const isReached = origins.some((one) => one.isPrivate && reached.includes(one.repository));
      expect(now.hides(blob.digest)).toBe(!isOpen && !isReached);
      expect((await openOrigins(file, false)).hides(blob.digest)).toBe(false);
    });
    await fc.assert(property, { numRuns: 60 });
  });
});
