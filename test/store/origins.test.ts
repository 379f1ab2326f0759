import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { openStore, pruneStore, type Store } from '../../src/store/index.ts';
import { openOrigins } from '../../src/store/origins.ts';
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

async function fill(): Promise<void> {
  const store = await openShared();
  const writer = await store.write(blob, origin);
  await writer.write(bytes);
  await writer.commit();
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
    expect(await readFile(file, 'utf8')).toMatch(/^\{"key":"[0-9a-f]{64}","value":"[0-9a-f]{16}"\}\n$/);
    await pruneStore(temp.path, { rule: { kind: 'size', maxBytes: 0 } });
    expect(await readFile(file, 'utf8')).toBe('');
  });

  it('is hidden from a run exactly where no repository that gave it was reached or gives it freely', async () => {
    const repository = fc.constantFrom('a/1', 'a/2', 'b/1');
    const given = fc.array(fc.record({ repository, isPrivate: fc.boolean() }), { maxLength: 6 });
    let files = 0;
    const property = fc.asyncProperty(given, fc.array(repository), async (origins, reached) => {
      const file = path.join(temp.path, `${(files += 1)}.jsonl`);
      for (const one of origins) await (await openOrigins(file, true)).note(blob.digest, one);
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
