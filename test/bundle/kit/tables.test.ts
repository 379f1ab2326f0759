import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { imagesTable, manifestsTable } from '../../../src/bundle/kit/tables.ts';
import { readManifests } from '../../../src/image/index.ts';
import type { Lock } from '../../../src/lock/index.ts';
import { digestTag } from '../../../src/oci/digest.ts';
import {
  AMD64,
  ARM64,
  att,
  buildIndex,
  chart,
  encrypted,
  idx,
  nested,
  one,
} from '../../support/fixtures/index.ts';
import { type Resolving, startResolving } from '../../resolve/resolving.ts';

const small = { layerBytes: 100 };
let bench: Resolving;
beforeAll(async () => {
  bench = await startResolving();
});
afterAll(() => bench.close());

function rowsOf(table: string): Record<string, string>[] {
  const [head = '', ...lines] = table.trimEnd().split('\n');
  const columns = head.replace(/^# /, '').split('\t');
  return lines.map((line) => {
    const fields = line.split('\t');
    expect(fields).toHaveLength(columns.length);
    return Object.fromEntries(columns.map((column, at) => [column, fields[at] ?? '']));
  });
}

const imagesOf = async (lock: Lock): Promise<Record<string, string>[]> =>
  rowsOf(imagesTable(lock, await readManifests(lock, bench.store)));
const manifestsOf = async (lock: Lock): Promise<Record<string, string>[]> =>
  rowsOf(manifestsTable(lock, await readManifests(lock, bench.store)));

describe('V7: kit/images.tsv has a line for each stored name and leaf', () => {
  it('of a whole index one for each platform, attestations left out', async () => {
    const image = att({ ...small, platforms: [AMD64, ARM64] });
    const resolved = await bench.resolve(image, 'x:1');
    const rows = await imagesOf(bench.lock(resolved));
    expect(rows.map(({ platform }) => platform)).toEqual(['linux/amd64', 'linux/arm64']);
    expect(rows[0]).toEqual({
      name: 'docker.io/library/x',
      tag: '1',
      digest: image.top,
      platform: 'linux/amd64',
      config: resolved.leaves[0]?.config,
      leaf: resolved.leaves[0]?.digest,
      root: image.top,
      repository: 'docker.io/library/x',
      kind: 'image',
      subject: '-',
    });
  });

  it('of a sparse index the root that importers get; of a port the folder that zot serves', async () => {
    const resolved = await bench.resolve(idx(small), 'localhost:5000/x:1', { platforms: 'linux/arm64' });
    expect(await imagesOf(bench.lock(resolved))).toEqual([
      expect.objectContaining({
        name: 'localhost:5000/x',
        repository: 'localhost_5000/x',
        digest: idx(small).top,
        root: resolved.leaves[0]?.digest,
        leaf: resolved.leaves[0]?.digest,
      }),
    ]);
  });

  it('what importers cannot unpack is last, and says what it is; a digest alone has its tag', async () => {
    const pinned = one({ ...small, seed: 'pinned' });
    const lock = bench.lock(
      await bench.resolve(chart(), 'a:1'),
      await bench.resolve(encrypted(small), 'b:1'),
      await bench.resolve(pinned, `c@${pinned.top}`),
    );
    const rows = await imagesOf(lock);
    expect(rows.map(({ tag, kind }) => [tag, kind])).toEqual([
      [digestTag(pinned.top), 'image'],
      ['1', 'artifact'],
      ['1', 'opaque'],
    ]);
    expect(rows[1]).toMatchObject({ platform: '-', config: '-', leaf: '-' });
  });

  it('a name that only a registry serves has no name for runtimes, unless there is no other', async () => {
    const resolved = await bench.resolve(one(small), 'quay.io/a/x:1');
    const both = { ...resolved, names: ['quay.io/a/x:1', 'a/x:1'] };
    const names = async (image: typeof resolved): Promise<unknown> =>
      (await imagesOf(bench.lock(image))).map(({ name, repository }) => [name, repository]);
    expect(await names(both)).toEqual([
      ['quay.io/a/x', 'quay.io/a/x'],
      ['-', 'a/x'],
    ]);
    expect(await names({ ...resolved, names: ['a/x:1'] })).toEqual([['docker.io/a/x', 'a/x']]);
  });
});

describe('V7: kit/manifests.tsv has each manifest with what it names', () => {
  it('of an image its config and its layers in order, each as often as it is listed', async () => {
    const image = one(small);
    const resolved = await bench.resolve(image, 'x:1');
    const [row, ...more] = await manifestsOf(bench.lock(resolved));
    expect(more).toEqual([]);
    const [leaf] = resolved.leaves;
    expect(row).toMatchObject({
      digest: image.top,
      content: [leaf?.config, ...(leaf?.layers ?? [])].join(' '),
    });
    expect(Number(row?.['size'])).toBe(resolved.sizes.get(image.top));
  });

  it('of an index only the children that are there; a nested index leads to its leaves', async () => {
    const lock = bench.lock(
      await bench.resolve(idx(small), 'x:1', { platforms: 'linux/arm64' }),
      await bench.resolve(nested(small), 'y:1'),
    );
    const rows = await manifestsOf(lock);
    const there = new Set(Object.keys(lock.blobs));
    for (const { content = '' } of rows)
      for (const digest of content === '-' ? [] : content.split(' ')) expect(there).toContain(digest);
    const sparse = rows.find(({ digest }) => digest === idx(small).top);
    expect(sparse?.['content']?.split(' ')).toHaveLength(1);
    const reached = new Set<string>();
    const visit = (digest: string): void => {
      reached.add(digest);
      const content = rows.find((row) => row['digest'] === digest)?.['content'] ?? '-';
      if (content !== '-') content.split(' ').forEach(visit);
    };
    for (const { digest, root } of await imagesOf(lock)) [digest, root].forEach((one) => visit(one ?? ''));
    expect([...reached].toSorted()).toEqual([...there].toSorted());
  });

  it('an index that lists one child twice lists it twice', async () => {
    const child = one({ ...small, seed: 'twice' });
    const index = buildIndex([
      { image: child, platform: AMD64 },
      { image: child, platform: ARM64 },
    ]);
    const rows = await manifestsOf(bench.lock(await bench.resolve(index, 'x:1')));
    expect(rows.find(({ digest }) => digest === index.top)?.['content']).toBe(`${child.top} ${child.top}`);
  });
});
