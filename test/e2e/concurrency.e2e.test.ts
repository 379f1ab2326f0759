import { once } from 'node:events';
import { mkdir, open, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Digest, hexOf } from '../../src/oci/digest.ts';
import type { BadRequest } from '../support/bad-registry.ts';
import { childrenOf } from '../support/children.ts';
import { until } from '../support/deadline.ts';
import { d2, one, sharing } from '../support/fixtures/index.ts';
import { type Image, largestBlobOf } from '../support/image.ts';
import { expectExit } from '../support/expect-exit.ts';
import type { ProgramResult } from '../support/program.ts';
import { startSaving } from '../support/saving.ts';
import { checkBundle, filesOf, isThere, namesIn } from '../support/whole-bundle.ts';

const KIB = 1024;
const LARGE = 1100 * KIB;

const { registry, work, args } = await startSaving();

/** Puts images as `<name>0`, `<name>1`, … and writes them into a list. */
async function listOf(name: string, images: readonly Image[]): Promise<string[]> {
  images.forEach((image, at) => registry.put(`${name}${at}`, image, '1'));
  const refs = images.map((_, at) => `${registry.host}/${name}${at}:1`);
  await writeFile(work.file(`${name}.txt`), `${refs.join('\n')}\n`);
  registry.misbehave({});
  registry.clear();
  return refs;
}

/** Lets an image's layer stop at its half until it is released. */
function stall(image: Image): { arrived: Promise<BadRequest>; release: () => void } {
  const layer = largestBlobOf(image);
  const gate = Promise.withResolvers<void>();
  const failure = { kind: 'stall', at: 0.5, until: gate.promise } as const;
  registry.misbehave({ faults: [{ path: new RegExp(layer), times: 1, failure }] });
  return { arrived: registry.request({ reference: layer }, 'arrival'), release: () => gate.resolve() };
}

const BUSY =
  /^error: another run writes to .+ \(process \d+ on .+\)\n {2}hint: Wait for it, or name another output/m;

describe('two runs at once', () => {
  it('on one output: the second is refused with the process that writes there, and disturbs nothing', async () => {
    const image = one({ seed: 'held', layerBytes: LARGE });
    await listOf('held', [image]);
    const { arrived, release } = stall(image);
    const first = work.run(...args('-f', 'held.txt', '-o', 'held'));
    await arrived;
    const second = await work.run(...args('-f', 'held.txt', '-o', 'held'));
    expect([second.exitCode, second.stderr]).toEqual([2, expect.stringMatching(BUSY)]);
    release();
    expect(await first).toMatchObject({ exitCode: 0 });
    expect(await checkBundle(work.file('held'))).toHaveLength(1);
  });

  it('on one output, started together after a killed run: exactly one writes', async () => {
    const refs = await listOf(
      'race',
      Array.from({ length: 4 }, (_, at) => one({ seed: `race ${at}`, layerBytes: 64 })),
    );
    for (let round = 0; round < 5; round += 1) {
      const dead = { host: (await import('node:os')).hostname(), pid: 2 ** 22 + round };
      await writeFile(work.file('.race.lock'), JSON.stringify(dead));
      const runs = await Promise.all([1, 2, 3].map(() => work.run(...args('-f', 'race.txt', '-o', 'race'))));
      expect(runs.some(({ exitCode }) => exitCode === 0)).toBe(true);
      for (const { exitCode, stderr } of runs) {
        if (exitCode !== 0) expect([exitCode, stderr]).toEqual([2, expect.stringMatching(BUSY)]);
      }
      expect(await checkBundle(work.file('race'))).toHaveLength(refs.length);
      expect((await namesIn(work.folder)).filter((name) => name.startsWith('.race'))).toEqual([]);
    }
  });

  it('on one store, with one output each: both bundles are whole', async () => {
    const images = sharing(4, { layerBytes: LARGE, ownBytes: 64 });
    const refs = await listOf('pair', images);
    for (let round = 0; round < 5; round += 1) {
      const store = ['--cache-dir', `pair-store-${round}`];
      const outputs = ['left', 'right'].map((side) => `${side}-${round}`);
      const runs = await Promise.all(
        outputs.map((output) => work.run(...args('-f', 'pair.txt', ...store, '-o', output))),
      );
      runs.forEach((run) => expectExit(run, 0));
      for (const output of outputs) expect(await checkBundle(work.file(output))).toHaveLength(refs.length);
      expect(await namesIn(work.file(`pair-store-${round}/runs`))).toEqual([]);
    }
  });
});

describe('one run with several copies at a time', () => {
  it('case I3: saves all of twenty images, four at a time, in every repetition', async () => {
    const images = [
      ...sharing(8, { layerBytes: LARGE, ownBytes: 2 * KIB }),
      ...Array.from({ length: 12 }, (_, at) =>
        d2({ seed: `twenty ${at}`, layerBytes: at % 3 === 0 ? LARGE : KIB }),
      ),
    ];
    const refs = await listOf('twenty', images);
    for (let round = 0; round < 5; round += 1) {
      const store = `twenty-store-${round}`;
      await work.succeed(
        ...args('-f', 'twenty.txt', '--parallel', '4', '--cache-dir', store, '-o', 'twenty'),
      );
      expect((await checkBundle(work.file('twenty'))).toSorted()).toEqual(refs.toSorted());
      const index = JSON.parse(await readFile(work.file('twenty/index.json'), 'utf8'));
      expect(index.manifests).toHaveLength(20);
      await rm(work.file(store), { recursive: true });
    }
  });

  /** Ten images over one layer, saved by a copier; what the registry does meanwhile is up to `lead`. */
  const saveSharing = async (
    copier: string,
    lead: (images: readonly Image[], shared: string, skopeos: () => number) => Promise<void>,
  ): Promise<{ shared: BadRequest | undefined; owns: BadRequest[] }> => {
    const images = sharing(10, { layerBytes: LARGE, ownBytes: 1500 * KIB });
    const refs = await listOf(`shared-${copier}-`, images);
    const [first, second] = images;
    const shared = [...(first?.blobs.keys() ?? [])].find((digest) => second?.blobs.has(digest));
    if (shared === undefined) throw new Error('nothing is shared');
    const output = `shared-${copier}`;
    const more = ['--copier', copier, '--cache-dir', `${output}-store`, '-o', output];
    let pid: number | undefined;
    const skopeos = (): number => childrenOf(pid).filter(({ name }) => name === 'skopeo').length;
    const leading = lead(images, shared, skopeos);
    const child = work.start(...args('-f', `shared-${copier}-.txt`, ...more));
    pid = child.pid;
    const [[code]] = await Promise.all([once(child, 'exit'), leading]);
    expect(code).toBe(0);
    expect(await checkBundle(work.file(output))).toHaveLength(refs.length);

    const [request, ...again] = registry.requests({ reference: shared });
    expect(again).toEqual([]);
    const owns = images.map((image) => registry.requests({ reference: ownLayer(image, shared) }));
    expect(owns.map((requests) => requests.length)).toEqual(images.map(() => 1));
    for (const image of images) {
      const config =
        [...image.blobs.keys()].find((digest) => digest !== shared && digest !== ownLayer(image, shared)) ??
        '';
      expect(registry.requests({ reference: config }).length).toBeLessThanOrEqual(
        copier === 'skopeo' ? 2 : 1,
      );
    }
    return { shared: request, owns: owns.flat() };
  };

  it('fetches a shared layer once, by the copier direct', async () => {
    const rate = (bytesPerSecond: number) => ({ kind: 'rate', bytesPerSecond }) as const;
    const { owns } = await saveSharing('direct', async (images, shared) => {
      const own = new RegExp(images.map((image) => ownLayer(image, shared)).join('|'));
      const faults = [
        { path: new RegExp(shared), failure: rate(3_000_000) },
        { path: own, failure: rate(1_500_000) },
      ];
      registry.misbehave({ faults });
    });
    expect(owns).toHaveLength(10);
  });

  it('fetches a shared layer once, and images that wait for it go on when it has landed, by the copier skopeo', async () => {
    const { shared, owns } = await saveSharing('skopeo', async (images, digest, skopeos) => {
      const gates = new Map(
        [digest, ...images.map((image) => ownLayer(image, digest))].map((layer) => [
          layer,
          Promise.withResolvers<void>(),
        ]),
      );
      const held = (until: Promise<void>) => ({ kind: 'stall', at: 0.5, until }) as const;
      const faults = [...gates].map(([layer, { promise }]) => ({
        path: new RegExp(layer),
        failure: held(promise),
      }));
      registry.misbehave({ faults });
      const begun = (): string[] =>
        images
          .map((image) => ownLayer(image, digest))
          .filter((layer) => registry.requests({ reference: layer }).length > 0);
      const leader = await until('the leader', () => begun()[0], 60);
      await registry.request({ reference: digest }, 'arrival');
      gates.get(digest)?.resolve();
      // The leader has its own layer to fetch still: nobody waits for that.
      await until('its followers', () => (begun().length >= 8 ? true : undefined), 60);
      // Those that were free to go were started together: a ninth would be there by now.
      expect(skopeos()).toBe(8);
      gates.get(leader)?.resolve();
      await registry.request({ reference: leader });
      for (const { resolve } of gates.values()) resolve();
    });
    const landed = shared?.ended ?? 0;
    const [leaders, followers] = [
      owns.filter(({ began }) => began < landed),
      owns.filter(({ began }) => began >= landed),
    ];
    expect(leaders).toHaveLength(1);
    // Eight copies run at once: the leader's and seven that waited for the layer, not for the leader's end.
    const early = followers.filter(({ began }) => began < (leaders[0]?.ended ?? 0));
    expect(early).toHaveLength(7);
  });
});

function ownLayer({ blobs }: Image, shared: string): string {
  const [own] = [...blobs]
    .filter(([digest]) => digest !== shared)
    .toSorted(([, a], [, b]) => b.length - a.length);
  return own?.[0] ?? '';
}

describe('a blob in the store', () => {
  const image = one({ seed: 'damaged', layerBytes: 300 * KIB });
  const layer = largestBlobOf(image);
  const [config] = [...image.blobs.keys()].filter((digest) => digest !== layer);
  const fileOf = (digest: Digest): string => work.file(`cache/oci-save/blobs/sha256/${hexOf(digest)}`);
  const flip = async (file: string): Promise<void> => {
    const handle = await open(file, 'r+');
    const { size } = await handle.stat();
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size >> 1);
    await handle.write(Buffer.of((buffer[0] ?? 0) ^ 1), 0, 1, size >> 1);
    await handle.close();
  };

  it.each<[string, Digest, (file: string) => Promise<unknown>]>([
    ['a layer with another byte', layer, flip],
    ['a config with another byte', config ?? layer, flip],
    ['a manifest with another byte', image.top, flip],
    ['a layer cut short', layer, (file) => truncate(file, 1000)],
    ['an empty layer', layer, (file) => truncate(file, 0)],
    ['a layer of zeros', layer, async (file) => writeFile(file, Buffer.alloc((await readFile(file)).length))],
    [
      'a link out of the store',
      layer,
      async (file) => {
        await rename(file, work.file('outside'));
        await symlink(work.file('outside'), file);
      },
    ],
    [
      'a folder',
      layer,
      async (file) => {
        await rm(file);
        await mkdir(path.join(file, 'deep'), { recursive: true });
      },
    ],
  ])('that became %s is found, said and fetched again, and it alone', async (_, digest, damage) => {
    await listOf('healed', [image]);
    await work.succeed(...args('-f', 'healed.txt', '-o', 'healed'));
    await damage(fileOf(digest));
    registry.clear();
    const { stderr } = await work.succeed(...args('-f', 'healed.txt', '-o', 'healed'));
    expect(stderr).toMatch(
      new RegExp(`blob ${digest.slice(0, 19)} in the store was damaged .*: dropped, and fetched again`),
    );
    expect(await checkBundle(work.file('healed'))).toHaveLength(1);
    const fetched = registry.requests({ method: 'GET' }).filter(({ path: asked }) => asked !== '/v2/');
    expect(fetched.map(({ path: asked }) => asked.split('/').at(-1))).toEqual([
      digest === image.top ? '1' : digest,
    ]);
  });

  const meanwhile: [string, (file: string) => Promise<unknown>][] = [
    ['damaged', flip],
    ['removed', (file) => rm(file)],
  ];

  /** Saves two images over a bundle of another one; the first one's layer meets its fate while the second is fetched. */
  async function saveWhile(
    name: string,
    damage: (file: string) => Promise<unknown>,
    again: 'served' | 'refused',
  ): Promise<{ result: ProgramResult; before: Map<string, string> }> {
    const [quick, slow] = ['quick', 'slow'].map((seed) =>
      one({ seed: `${name} ${seed}`, layerBytes: LARGE }),
    );
    if (!quick || !slow) throw new Error('no images');
    await listOf('kept', [one({ seed: 'kept', layerBytes: 64 })]);
    await work.succeed(...args('-f', 'kept.txt', '-o', 'late'));
    const before = await filesOf(work.file('late'));
    await listOf(`${name}-`, [quick, slow]);
    const { arrived, release } = stall(slow);
    const running = work.run(...args('-f', `${name}-.txt`, '-o', 'late'));
    await arrived;
    const file = fileOf(largestBlobOf(quick));
    await until('the quick layer', async () => ((await isThere(file)) ? true : undefined));
    // Nothing of this run is asked for the quick layer any more: it was verified when it came.
    await until('its copy', () =>
      registry.requests({ repository: `${name}-0` }).every(({ ended }) => ended !== undefined)
        ? true
        : undefined,
    );
    await damage(file);
    if (again === 'refused') {
      const failure = { kind: 'status', status: 404 } as const;
      registry.misbehave({ faults: [{ path: new RegExp(largestBlobOf(quick)), times: 99, failure }] });
    }
    release();
    return { result: await running, before };
  }

  it.each(meanwhile)('that is %s between copy and bundle is fetched again', async (what, damage) => {
    const { result } = await saveWhile(`healed-${what}`, damage, 'served');
    expectExit(result, 0);
    expect(await checkBundle(work.file('late'))).toHaveLength(2);
  });

  it.each(meanwhile)(
    'that is %s between copy and bundle, and cannot be fetched again, keeps the bundle from appearing',
    async (what, damage) => {
      const name = `late-${what}`;
      const { result: failed, before } = await saveWhile(name, damage, 'refused');
      expectExit(failed, 1);
      expect(failed.stderr).toMatch(new RegExp(`\\n {2}\\S+: \\S+/${name}-0:1\\n {4}not-found: `));
      expect(await filesOf(work.file('late'))).toEqual(before);
      expect((await namesIn(work.folder)).filter((file) => file.startsWith('.late'))).toEqual([]);

      registry.misbehave({});
      await work.succeed(...args('-f', `${name}-.txt`, '-o', 'late'));
      expect(await checkBundle(work.file('late'))).toHaveLength(2);
    },
  );
});
