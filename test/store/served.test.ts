import { appendFile, readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { openStore, pruneStore, type Served } from '../../src/store/index.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';

const [one, other] = ['one', 'other'].map((text) => digestOf(new TextEncoder().encode(text)));
if (one === undefined || other === undefined) throw new Error('no digests');
const REPOSITORY = 'registry.example/private/project';

let temp: TempFolder;
beforeEach(async () => (temp = await tempFolder('served')));
afterEach(() => temp.close());

async function open(name = 'store'): Promise<Served> {
  const store = await openStore(path.join(temp.path, name));
  await store.close();
  return store.served;
}
const file = (): string => path.join(temp.path, 'store/served.jsonl');

describe('the records of served tags', () => {
  it('outlive the run, the last one counts, and a value that is not a digest is ignored', async () => {
    const first = await open();
    const [key1, key2] = [first.keyOf(REPOSITORY, '1'), first.keyOf(REPOSITORY, '2')];
    expect(first.get(key1)).toBeUndefined();
    await first.set(key1, one);
    await first.set(key1, other);
    await first.set(key2, one);
    await appendFile(file(), `{"key":"torn\n{"key":"${key2}","value":"no digest"}\n`);
    const second = await open();
    expect(second.get(key1)).toBe(other);
    expect(second.get(key2)).toBeUndefined();
  });

  it('found B9: lose nothing to a torn line before them, nor to a prune while a run is at work', async () => {
    const first = await open();
    const keys = ['1', '2'].map((tag) => first.keyOf(REPOSITORY, tag));
    const [key1 = '', key2 = ''] = keys;
    await appendFile(file(), '{"key":"torn');
    await first.set(key1, one);
    const run = await openStore(path.join(temp.path, 'store'));
    const bytes = new TextEncoder().encode('one');
    await run.put(bytes, undefined);
    await run.close();
    const atWork = await openStore(path.join(temp.path, 'store'));
    await atWork.served.set(key2, one);
    await pruneStore(path.join(temp.path, 'store'), { rule: { kind: 'all' } });
    const there = await open();
    expect([there.get(key1), there.get(key2)]).toEqual([one, one]);
    await atWork.close();
    // Once nobody is at work, records of what is gone go.
    const last = await openStore(path.join(temp.path, 'store'));
    await last.put(new TextEncoder().encode('other'), undefined);
    await last.close();
    await pruneStore(path.join(temp.path, 'store'), { rule: { kind: 'all' } });
    expect(await readFile(file(), 'utf8')).toBe('');
  });

  it('do not contain the name of any repository or tag', async () => {
    const served = await open();
    await served.set(served.keyOf(REPOSITORY, 'secret-tag'), one);
    const text = await readFile(file(), 'utf8');
    expect(text).toMatch(/^\n\{"key":"[0-9a-f]{64}","value":"sha256:[0-9a-f]{64}"\}\n$/);
    expect(text).not.toMatch(/registry|private|project|secret/);
  });

  it('have one key per repository and tag', async () => {
    const { keyOf } = await open();
    const pairs: [string, string][] = [
      ['a.example/b', '1'],
      ['a.example/b', '2'],
      ['a.example/c', '1'],
      ['a.example:5000/b', '1'],
    ];
    expect(new Set(pairs.map((pair) => keyOf(...pair))).size).toBe(pairs.length);
    expect(keyOf('a.example/b', '1')).toBe(keyOf('a.example/b', '1'));
  });

  it('can be imported into another store by chosen keys; known ones stay, invalid ones are skipped', async () => {
    const here = await open();
    const keys = ['1', '2', '3'].map((tag) => here.keyOf(REPOSITORY, tag));
    const [key1 = '', key2 = '', key3 = ''] = keys;
    await here.set(key1, one);
    await here.set(key2, one);
    expect(here.entries([key1, key3, key1])).toEqual([[key1, one]]);

    const there = await open('elsewhere');
    await there.set(key2, other);
    await there.import([...here.entries(keys), ['no key', one], [key3, 'no digest']]);
    const reopened = await open('elsewhere');
    expect(keys.map((key) => reopened.get(key))).toEqual([one, other, undefined]);
    expect(reopened.entries(['no key'])).toEqual([]);
  });
});
