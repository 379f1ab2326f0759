import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { appendFile, readdir, rm, writeFile } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { hexOf } from '../../src/oci/digest.ts';
import { startBadRegistry } from '../support/bad-registry.ts';
import { expectExit } from '../support/expect-exit.ts';
import { idx, one, sharing } from '../support/fixtures/index.ts';
import { type Image, largestBlobOf } from '../support/image.ts';
import { inThisProcess } from '../support/in-this-process.ts';
import { asProgram } from '../support/oci-save.ts';
import type { ProgramResult } from '../support/program.ts';
import { startSaving } from '../support/saving.ts';
import { checkBundle, namesIn } from '../support/whole-bundle.ts';

const KIB = 1024;
const LARGE = 1100 * KIB;

const { registry, work, args } = await startSaving({}, [], inThisProcess);
/** Runs the command as a program: beside another one at work on the same store. */
const runBeside = (...given: readonly string[]): Promise<ProgramResult> =>
  asProgram(given, { cwd: work.folder, env: work.env, input: '' });

/** A save of these references with a store and an output of this name. */
const save = (name: string, ...more: readonly string[]): string[] =>
  args('--cache-dir', `${name}-store`, '-o', name, ...more);
const put = (name: string, image: Image): string => {
  registry.put(name, image, '1');
  return `${registry.host}/${name}:1`;
};
const blobsIn = (store: string): Promise<string[]> => readdir(work.file(`${store}/blobs/sha256`));
const holds = async (store: string, image: Image): Promise<boolean> =>
  (await blobsIn(store)).includes(hexOf(largestBlobOf(image)));

describe('images pinned by digest, all in the store', () => {
  it.each(['skopeo', 'direct'])(
    'are saved without a request to any registry, by the copier %s',
    async (copier) => {
      await using gone = await startBadRegistry();
      const [single, index] = [
        one({ seed: `pinned ${copier}`, layerBytes: LARGE }),
        idx({ seed: `pinned ${copier}`, layerBytes: LARGE }),
      ];
      gone.put('single', single, '1');
      gone.put('index', index, '2');
      const name = `pinned-${copier}`;
      const refs = [
        `${gone.host}/single@${single.top}`,
        `${gone.host}/index:2@${index.top}`,
        `${gone.host}/index@${index.top} => elsewhere.example/index:3`,
      ];
      await writeFile(work.file(`${name}.txt`), `${refs.join('\n')}\n`);
      const args = [
        ...save(name, '-f', `${name}.txt`, '--insecure-registries', gone.host),
        '--copier',
        copier,
      ];
      await work.succeed(...args);
      const before = await work.lock(`${name}/oci-save.lock.json`);
      gone.clear();
      await work.succeed(...args);
      expect(gone.requests()).toEqual([]);
      await gone.close();
      await rm(work.file(name), { recursive: true });
      await work.succeed(...args);
      expect(await checkBundle(work.file(name))).toHaveLength(3);
      expect(await work.lock(`${name}/oci-save.lock.json`)).toEqual(before);
    },
  );

  it('are requested where one manifest is missing, and a pinned digest that no registry serves fails', async () => {
    const image = one({ seed: 'half pinned', layerBytes: KIB });
    put('half', image);
    const ref = `${registry.host}/half@${image.top}`;
    await work.succeed(...save('half', ref));
    await rm(work.file(`half-store/blobs/sha256/${hexOf(image.top)}`));
    registry.clear();
    await work.succeed(...save('half', ref));
    expect(registry.requests().map(({ method, path }) => `${method} ${path}`)).toContainEqual(
      `GET /v2/half/manifests/${image.top}`,
    );
    const nobodys = `${registry.host}/half@sha256:${'0'.repeat(64)}`;
    expectExit(await work.run(...save('half', nobodys)), 1);
  });
});

describe('a store with a limit', () => {
  it('is pruned at the end of a run, least recently used blobs first, and the run says so; blobs that bundles link stay', async () => {
    const images = [0, 1, 2, 3].map((at) => one({ seed: `limit ${at}`, layerBytes: LARGE }));
    const [old, linked, recent, last] = images;
    if (!old || !linked || !recent || !last) throw new Error('no images');
    const refs = images.map((image, at) => put(`limit${at}`, image));
    for (const [at, ref] of refs.slice(0, 3).entries()) {
      await work.succeed(...save('limit', ref, '-o', `limit-${at}`));
      if (at !== 1) await rm(work.file(`limit-${at}`), { recursive: true });
    }
    const limited = save('limit', refs[3] ?? '', '--cache-max-size', '1500KiB');
    const { stderr } = await work.succeed(...limited);
    // The run's own bundle links its image, so only the one used before counts.
    expect(stderr).toMatch(/^removed 1 blob from the store, 1\.1 MiB, used longest ago$/m);
    const here = await Promise.all(images.map((image) => holds('limit-store', image)));
    expect(here).toEqual([false, true, true, true]);
    expect(await checkBundle(work.file('limit-1'))).toHaveLength(1);
    expect((await work.succeed(...limited)).stderr).not.toContain('removed');
  });

  it('keeps the blobs that the run used where they alone exceed the limit, and the run says so', async () => {
    const ref = put('much', one({ seed: 'much', layerBytes: LARGE }));
    const args = save('much', ref, '-o', 'none', '--archive', 'tar', '--archive-name', 'much');
    const { stderr } = await work.succeed(...args, '--cache-max-size', '1MiB');
    expect(stderr).toMatch(
      /^the store keeps 1\.1 MiB, over its limit of 1\.0 MiB: runs at work, this one among them/m,
    );
    registry.clear();
    await work.succeed(...args);
    expect(registry.requests({ kind: 'blob' })).toEqual([]);
    expect((await work.succeed(...args, '--dry-run', '--cache-max-size', '0')).stderr).not.toContain(
      'over its limit',
    );
  });

  it('keeps, when it is pruned, a blob that a run at work has found and not used yet', async () => {
    const [found, missing] = sharing(2, { layerBytes: LARGE, ownBytes: LARGE });
    if (!found || !missing) throw new Error('no images');
    const [first = '', second = ''] = [found, missing].map((image, at) => put(`found${at}`, image));
    await work.succeed(...save('found', first));
    await rm(work.file('found'), { recursive: true });
    const [own = ''] = [...missing.blobs]
      .filter(([digest]) => !found.blobs.has(digest))
      .toSorted(([, a], [, b]) => b.length - a.length)
      .map(([digest]) => digest);
    const gate = Promise.withResolvers<void>();
    const failure = { kind: 'stall', at: 0.5, until: gate.promise } as const;
    registry.misbehave({ faults: [{ path: new RegExp(own), times: 1, failure }] });
    registry.clear();
    const arrived = registry.request({ reference: own }, 'arrival');
    const running = runBeside(...save('found', first, second));
    await arrived;
    const stored = await blobsIn('found-store');
    const { stderr } = await work.succeed('cache', 'prune', '--all', '--cache-dir', 'found-store');
    expect(stderr).toMatch(/^Nothing to remove$/m);
    expect(await blobsIn('found-store')).toEqual(expect.arrayContaining(stored));
    gate.resolve();
    expectExit(await running, 0);
    registry.misbehave({});
    expect(await checkBundle(work.file('found'))).toHaveLength(2);
    for (const digest of found.blobs.keys()) expect(registry.requests({ reference: digest })).toEqual([]);
  });

  it('serves two runs at once that prune it for many rounds', async () => {
    const rounds = 5;
    const imagesOf = (round: number): Image[] =>
      [LARGE, 64 * KIB, KIB].map((layerBytes, at) => one({ seed: `rounds ${round} ${at}`, layerBytes }));
    const refsOf = (round: number): string[] =>
      imagesOf(round).map((image, at) => put(`rounds/${round}-${at}`, image));
    for (let round = 0; round < rounds; round += 1) {
      // The left one is new; the right one has been in the store, and nothing but the store's own name holds it.
      const sides = { left: refsOf(round), right: refsOf(Math.max(0, round - 1)) };
      const runs = await Promise.all(
        Object.entries(sides).map(([side, refs]) =>
          runBeside(...save('rounds', ...refs, '-o', `rounds-${side}`, '--cache-max-size', '0')),
        ),
      );
      runs.forEach((run) => expectExit(run, 0));
      for (const side of Object.keys(sides)) {
        expect(await checkBundle(work.file(`rounds-${side}`))).toHaveLength(3);
        await rm(work.file(`rounds-${side}`), { recursive: true });
      }
      expect(await namesIn(work.file('rounds-store/runs'))).toEqual([]);
    }
    expect(await holds('rounds-store', imagesOf(0)[0] ?? one())).toBe(false);
  });
});

describe('a cache prune that is killed', () => {
  const COUNT = 400;
  const ROUNDS = 6;
  const store = 'killed-store';
  /** Blobs that a prune has out of reach. */
  const pruned = (): number => {
    try {
      const runs = work.file(`${store}/runs`);
      return Math.max(0, ...readdirSync(runs).map((run) => readdirSync(`${runs}/${run}/pruned`).length));
    } catch {
      return 0;
    }
  };

  it('at any point leaves every bundle whole, and the next run makes the store whole again', async () => {
    const kept = one({ seed: 'killed', layerBytes: LARGE });
    const ref = put('killed', kept);
    await work.succeed(...save('killed', ref));
    let killed = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const stray = Array.from({ length: COUNT }, (_, at) => `stray ${round} ${at}`);
      const names = stray.map((text) => createHash('sha256').update(text).digest('hex'));
      await Promise.all(
        names.map((name, at) => writeFile(work.file(`${store}/blobs/sha256/${name}`), stray[at] ?? '')),
      );
      // By command, and at the end of a run.
      const child =
        round % 2 === 0
          ? work.start('cache', 'prune', '--all', '--cache-dir', store)
          : work.start(...save('killed', ref, '--cache-max-size', '0'));
      const enough = 1 + round * (COUNT / ROUNDS);
      const running = (): boolean => child.exitCode === null && child.signalCode === null;
      while (running() && pruned() < enough) await setImmediate();
      child.kill('SIGKILL');
      if (running()) await once(child, 'exit');
      if (child.signalCode === 'SIGKILL') killed += 1;

      await checkBundle(work.file('killed'));
      await work.succeed(...save('killed', ref, '-o', 'killed-next'));
      expect(await checkBundle(work.file('killed-next'))).toHaveLength(1);
      expect(await namesIn(work.file(`${store}/runs`))).toEqual([]);
      expect(existsSync(work.file(`${store}/prune.lock`))).toBe(false);
      expect((await work.succeed('cache', 'verify', '--cache-dir', store)).stderr).toContain(
        'all are intact',
      );
      expect(await holds(store, kept)).toBe(true);
    }
    expect(killed).toBeGreaterThan(ROUNDS / 2);
    await work.succeed('cache', 'prune', '--all', '--cache-dir', store);
    await checkBundle(work.file('killed'));
    const lock = await work.lock('killed/oci-save.lock.json');
    expect((await blobsIn(store)).toSorted()).toEqual(
      Object.keys(lock.blobs)
        .map((digest) => digest.slice('sha256:'.length))
        .toSorted(),
    );
  });
});

describe('oci-save cache', () => {
  const store = ['--cache-dir', 'shown-store'];
  const image = one({ seed: 'shown', layerBytes: LARGE });
  beforeAll(async () => {
    await work.succeed(...save('shown', put('shown', image)));
    await work.succeed(
      ...save('shown', put('other', one({ seed: 'other', layerBytes: LARGE })), '-o', 'other'),
    );
    await rm(work.file('other'), { recursive: true });
  });

  it('list shows the blobs by age, and which of them bundles link', async () => {
    const { stdout, stderr } = await work.succeed('cache', 'list', ...store);
    expect(stderr).toBe('');
    expect(stdout).toMatch(
      /^Store .+\/shown-store: 6 blobs, 2\.2 MiB\n\nLAST USED +BLOBS +SIZE +LINKED BY BUNDLES\nwithin a day +6 +2\.2 MiB +3 blobs, 1\.1 MiB *\n\n1\.1 MiB count towards the limit of 10\.0 GiB\n$/,
    );
  });

  it('list prints the same as JSON, and each blob with --verbose', async () => {
    const { stdout } = await work.succeed('cache', 'list', '--json', '--cache-max-size', '1MiB', ...store);
    const listed = JSON.parse(stdout);
    expect(listed).toMatchObject({
      folder: work.file('shown-store'),
      blobs: 6,
      linked: { blobs: 3 },
      maxBytes: KIB * KIB,
      runs: 0,
      ages: [{ lastUsed: 'within a day', blobs: 6, linked: { blobs: 3 } }],
    });
    expect(listed.countedBytes).toBe(listed.bytes - listed.linked.bytes);
    expect(listed).not.toHaveProperty('entries');
    const verbose = JSON.parse((await work.succeed('cache', 'list', '--json', '--verbose', ...store)).stdout);
    expect(verbose.entries).toHaveLength(6);
    expect(verbose.entries).toContainEqual({
      digest: largestBlobOf(image),
      size: image.blobs.get(largestBlobOf(image))?.length,
      linked: true,
      lastUsed: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    });
    const { stdout: table } = await work.succeed('cache', 'list', '--verbose', ...store);
    expect(table).toMatch(new RegExp(`^${largestBlobOf(image)} +1\\.1 MiB +\\S+Z +yes *$`, 'm'));
  });

  it('list of a store that does not exist says so, and creates no folder', async () => {
    const nowhere = ['--cache-dir', 'nowhere'];
    expect((await work.succeed('cache', 'list', ...nowhere)).stdout).toMatch(
      /nowhere: no blob is kept there\n$/,
    );
    expect((await work.succeed('cache', 'verify', ...nowhere)).stderr).toMatch(
      /^Nothing is kept in .+nowhere$/m,
    );
    expect((await work.succeed('cache', 'prune', ...nowhere)).stderr).toMatch(/^Nothing to remove$/m);
    expect(existsSync(work.file('nowhere'))).toBe(false);
  });

  it('verify names the damaged blobs, drops them, says what that means, and exits with 1', async () => {
    const [bundled] = [largestBlobOf(image)];
    await appendFile(work.file(`shown-store/blobs/sha256/${hexOf(bundled)}`), 'x');
    const failed = await work.run('cache', 'verify', ...store);
    expectExit(failed, 1);
    expect(failed.stderr).toMatch(
      new RegExp(
        `error: ${bundled}: it was damaged \\(its \\d+ bytes hash to sha256:\\w{12}\\): dropped; a bundle links it`,
      ),
    );
    expect(failed.stderr).toMatch(
      /^Verified 6 blobs in .+, 2\.2 MiB: 1 damaged and dropped\n1 of them linked by bundles: save those bundles again/m,
    );
    const { stdout, stderr } = await work.succeed('cache', 'verify', '--json', '--quiet', ...store);
    expect(JSON.parse(stdout)).toMatchObject({ blobs: 5, damaged: [] });
    expect(stderr).toBe('');
    await work.succeed(...save('shown', `${registry.host}/shown:1`));
    expect(await checkBundle(work.file('shown'))).toHaveLength(1);
  });

  it('prune removes the blobs that its dry run listed', async () => {
    const rule = ['--cache-max-size', '100KiB', ...store];
    const dry = await work.succeed('cache', 'prune', '--dry-run', ...rule);
    expect(dry.stderr).toMatch(
      /^Would remove 1 blob, 1\.1 MiB\n.+shown-store keeps 2 blobs, .+\nand 3 blobs, 1\.1 MiB that bundles link/m,
    );
    expect(await blobsIn('shown-store')).toHaveLength(6);
    const { stdout } = await work.succeed('cache', 'prune', '--json', '--quiet', ...rule);
    expect(JSON.parse(stdout)).toMatchObject({
      dryRun: false,
      removed: { blobs: 1 },
      kept: { blobs: 2 },
      linked: { blobs: 3 },
    });
    expect(await blobsIn('shown-store')).toHaveLength(5);
    expect((await work.succeed('cache', 'prune', '--unused-for', '1', ...store)).stderr).toMatch(
      /^Nothing to remove$/m,
    );
    await work.succeed('cache', 'prune', '--unused-for', '0', ...store);
    expect(await blobsIn('shown-store')).toHaveLength(3);
    await checkBundle(work.file('shown'));
  });

  it.each([
    [['--all', '--cache-max-size', '1GiB'], /--all, --unused-for and --cache-max-size exclude each other/],
    [['--unused-for', 'ever'], /--unused-for: 'ever' is not a number of days/],
    [
      ['--cache-max-size', 'much'],
      /cache-max-size: must be a size[^]*oci-save cache prune --help lists every option/,
    ],
    [['--nothing'], /unknown option '--nothing'/],
  ])('prune with %j is refused, and removes nothing', async (flags, words) => {
    const refused = await work.run('cache', 'prune', ...flags, ...store);
    expectExit(refused, 2);
    expect(refused.stderr).toMatch(words);
    expect(await blobsIn('shown-store')).toHaveLength(3);
  });

  it('has a help text with examples for each command', async () => {
    for (const command of [[], ['list'], ['verify'], ['prune']]) {
      const { stdout } = await work.succeed('cache', ...command, '--help');
      expect(stdout).toMatch(/Examples:\n {2}oci-save cache /);
    }
  });
});
