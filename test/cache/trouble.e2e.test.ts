import { mkdir, readdir, stat, symlink } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createActionsCache } from '../../src/cache/actions/index.ts';
import {
  type ArchiveEntry,
  archiveLike,
  type CacheEntry,
  type CacheRule,
  entriesOf,
} from '../support/cache-server/index.ts';
import { d2, one } from '../support/fixtures/index.ts';
import { pushImage } from '../support/push.ts';
import type { Runner, StepResult } from '../support/runner.ts';
import { type DockerRegistry, startDockerRegistry } from '../support/servers/index.ts';
import { tempFolder } from '../support/temp.ts';
import { toolPath } from '../support/tools.ts';
import { filesOf, isThere } from '../support/whole-bundle.ts';
import { asked, type Machines, startMachines } from './machines.ts';

const NAMES = ['one:1', 'two:1'];

let registry: DockerRegistry;
let machines: Machines;
/** What a sound run leaves in the cache, and its bundle. */
let sound: CacheEntry[];
let bundle: Map<string, string>;

beforeAll(async () => {
  registry = await startDockerRegistry();
  await pushImage(registry.target, 'acme/one', one(), '1');
  await pushImage(registry.target, 'acme/two', d2(), '1');
  await using first = await startMachines(() => registry);
  const machine = await first.fresh();
  await first.save(machine, NAMES);
  sound = first.cache.entries.all();
  bundle = await filesOf(machine.file('oci-bundle'));
});
afterAll(() => registry.close());
beforeEach(async () => {
  machines = await startMachines(() => registry);
  for (const entry of sound) machines.cache.entries.add(entry);
  await registry.clear();
});
afterEach(() => machines.close());

interface Outcome {
  readonly machine: Runner;
  readonly result: StepResult;
  /** Blobs that the registry was asked for. */
  readonly fetched: readonly string[];
}

/** A run on a fresh machine, which makes the right bundle whatever the cache does. */
async function run(rules: readonly CacheRule[] = []): Promise<Outcome> {
  machines.cache.misbehave(rules);
  const machine = await machines.fresh();
  const result = await machines.save(machine, NAMES);
  expect(await filesOf(machine.file('oci-bundle'))).toEqual(bundle);
  const fetched = (await asked(registry, 'GET')).filter((line) => line.includes('/blobs/'));
  return { machine, result, fetched };
}

/** The trouble stands in the log, in the summary and in the report. */
async function expectTold({ machine, result }: Outcome, words: RegExp): Promise<void> {
  const { cache } = await machine.report();
  expect(cache?.troubles.join('\n')).toMatch(words);
  expect(result.log).toMatch(words);
  // What goes wrong while the cache is saved comes after the summary.
  const isLater = /not saved to the cache/.test(cache?.troubles[0] ?? '');
  if (isLater) expect(result.raw).toMatch(/^::warning.*not saved to the cache/m);
  else expect(result.summary).toMatch(/^- trouble: /m);
}

const isPack = ({ key }: CacheEntry): boolean => key.includes('-pack-');
const isCatalogue = ({ key }: CacheEntry): boolean => key.includes('-catalogue-');

describe('reading the cache', () => {
  it('restores every blob where nothing is wrong', async () => {
    const { fetched, machine } = await run();
    expect(fetched).toEqual([]);
    expect((await machine.report()).cache?.troubles).toEqual([]);
  });

  it('goes on where an archive was cut, without the registry', async () => {
    const { fetched } = await run([
      { on: 'download', key: '-pack-', times: 2, fault: { cutAfter: 500_000 } },
    ]);
    expect(fetched).toEqual([]);
    const [whole, second, third] = machines.cache
      .calls('download')
      .filter(({ key }) => key.includes('-pack-'));
    expect(whole?.headers.range).toBeUndefined();
    const froms = [second, third].map((call) =>
      Number(/^bytes=(\d+)-$/.exec(call?.headers.range ?? '')?.[1]),
    );
    expect(froms[0]).toBeGreaterThan(0);
    expect(froms[1]).toBeGreaterThan(froms[0]!);
  });

  it.each<[string, CacheRule, RegExp]>([
    [
      'no answer but 500 about the catalogue',
      { on: 'lookup', key: '-catalogue-', fault: { status: 500 } },
      /catalogue in the cache cannot be read.*500/,
    ],
    [
      'no answer but 500 about a pack',
      { on: 'lookup', key: '-pack-', fault: { status: 500 } },
      /pack \w{12} cannot be read.*500/,
    ],
    ['a denial', { on: 'lookup', fault: { deny: 'read' } }, /catalogue in the cache cannot be read.*403/],
    [
      'a pack that is refused',
      { on: 'download', key: '-pack-', fault: { status: 403 } },
      /pack \w{12} cannot be read.*403/,
    ],
    [
      'a pack that always ends at the same byte',
      { on: 'download', key: '-pack-', fault: { cutAfter: 0 } },
      /pack \w{12} cannot be read/,
    ],
  ])('%s costs a fetch', async (_name, rule, words) => {
    const outcome = await run([rule]);
    expect(outcome.fetched.length).toBeGreaterThan(0);
    await expectTold(outcome, words);
  });

  it('ignores an entry with another key than it asked for', async () => {
    const { fetched } = await run([{ on: 'lookup', key: '-pack-', fault: { answerWith: isCatalogue } }]);
    expect(fetched.length).toBeGreaterThan(0);
    expect(machines.cache.calls('download').some(({ key }) => key.includes('-pack-'))).toBe(false);
  });

  it('ignores a catalogue of another list', async () => {
    const { fetched } = await run([
      { on: 'lookup', key: '-catalogue-', times: 2, fault: { answerWith: isPack } },
    ]);
    expect(fetched.length).toBeGreaterThan(0);
  });

  it('an entry that is thrown out between look-up and fetch costs a fetch', async () => {
    const outcome = await run([{ on: 'lookup', key: '-pack-', times: 1, fault: { evictAfterwards: true } }]);
    expect(outcome.fetched.length).toBeGreaterThan(0);
    await expectTold(outcome, /pack \w{12} cannot be read.*404/);
  });
});

describe('a cache service that is silent', () => {
  it('is waited for up to the stall time; blobs that came before stay', async () => {
    const pack = sound.find(isPack)!;
    const hex = pack.key.slice(-64);
    machines.cache.misbehave([
      { on: 'download', times: 1, fault: { holdAfter: pack.bytes.length - 1000 } },
      { on: 'download', fault: { holdAfter: 0 } },
    ]);
    await using folder = await tempFolder('cache');
    const cache = createActionsCache({
      env: machines.cache.env('v2'),
      workspace: folder.path,
      onSecret: () => {},
      onWords: () => {},
      onWarning: () => {},
      stallMilliseconds: 100,
    });
    const names: string[] = [];
    const outcome = await cache.read({
      key: pack.key,
      match: 'exact',
      folder: `.oci-save/packs/${hex}`,
      maxBytes: 10_000_000,
      async take({ name, body }) {
        for await (const chunk of body) expect(chunk.length).toBeGreaterThan(0);
        names.push(name);
        return 'taken';
      },
    });
    await cache.close();
    expect(outcome).toMatchObject({
      kind: 'broken',
      key: pack.key,
      reason: expect.stringContaining('no byte for'),
    });
    expect(names.length).toBeGreaterThan(0);
  });

  it('does not delay a run that is cancelled', async () => {
    machines.cache.misbehave([{ on: 'download', key: '-pack-', fault: { holdAfter: 1000 } }]);
    const machine = await machines.fresh();
    const result = await machines.step(machine, NAMES, {}, { cancelAt: /Restoring from the cache/ });
    expect(result.exitCode).not.toBe(0);
    expect(result.log).toContain('stopped');
    expect(await isThere(machine.file('oci-bundle'))).toBe(false);
  });
});

describe('a machine without zstd', () => {
  it('reads what one with it saved, and saves what that one reads', async () => {
    await using folder = await tempFolder('bin');
    for (const name of ['tar', 'gzip']) await symlink(toolPath(name), path.join(folder.path, name));
    const bare = { PATH: folder.path };
    const reader = await machines.fresh('v2', bare);
    expect((await machines.save(reader, NAMES)).outputs['cache-hit']).toBe('true');

    machines.cache.entries.evict(() => true);
    await machines.save(await machines.fresh('v2', bare), NAMES);
    expect(machines.cache.packs()[0]?.bytes.readUInt16BE(0)).toBe(0x1f8b);
    expect((await machines.save(await machines.fresh(), NAMES)).outputs['cache-hit']).toBe('true');
    expect(machines.cache.packs()).toHaveLength(1);
  });
});

describe('a workspace of the cache', () => {
  beforeEach(() => machines.cache.entries.evict(() => true));

  it('behind a symbolic link is saved from under the same names', async () => {
    const machine = await machines.fresh();
    const link = path.join(machine.folder, 'linked');
    await symlink(machine.workspace, link);
    const { exitCode } = await machines.step(machine, NAMES, {}, { env: { GITHUB_WORKSPACE: link } });
    expect(exitCode).toBe(0);
    await registry.clear();
    expect((await run()).fetched).toEqual([]);
  });

  it('that brings a link in our folder’s place is not followed', async () => {
    const machine = await machines.fresh();
    const trap = path.join(machine.folder, 'trap');
    await mkdir(path.join(trap, 'packs', 'of somebody'), { recursive: true });
    await symlink(trap, machine.file('.oci-save'));
    const result = await machines.step(machine, NAMES);
    expect(result.exitCode).toBe(0);
    expect(await readdir(trap, { recursive: true })).toEqual(['packs', 'packs/of somebody']);
    expect(machines.cache.entries.all()).toEqual([]);
    await expectTold(
      { machine, result, fetched: [] },
      /\.oci-save is not a folder, and the cache needs one there/,
    );
  });
});

describe('a poisoned entry of the cache', () => {
  /** Changes the files of the pack in the cache. */
  async function poison(change: (entries: ArchiveEntry[]) => ArchiveEntry[]): Promise<void> {
    const pack = sound.find(isPack)!;
    const bytes = await archiveLike(pack.bytes, change(await entriesOf(pack.bytes)));
    machines.cache.entries.replace(isPack, () => bytes);
  }

  it('found K5: with wrong bytes under a right name is refused, fetched, and packed under another key', async () => {
    const key = sound.find(isPack)!.key;
    await poison((entries) =>
      entries.map(({ header, data }) => ({
        header,
        data: data && data.length > 1000 ? data.map((byte) => byte ^ 1) : data,
      })),
    );
    const outcome = await run();
    expect(outcome.fetched.length).toBeGreaterThan(0);
    await expectTold(outcome, /holds 2 files that it must not/);
    expect(machines.cache.packs().map((entry) => entry.key)).toEqual([key, `${key}-1`]);
    expect(outcome.result.log).toContain(`gh cache delete ${key} removes it`);

    await registry.clear();
    const { fetched } = await run();
    expect(fetched).toEqual([]);
  });

  it('is not unpacked: paths elsewhere and links are refused, what is right is taken', async () => {
    const traps = ['../../escaped', '/tmp/os-cache-escaped', 'escaped', '.oci-save/packs/../../../escaped'];
    const link = (name: string, type: 'symlink' | 'link', linkname: string): ArchiveEntry => ({
      header: { name, type, linkname, size: 0 },
    });
    await poison((entries) => {
      const [file] = entries.filter(({ header }) => header.type === 'file');
      const folder = path.dirname(file!.header.name);
      const evil = (name: string): ArchiveEntry => ({
        header: { name, size: 4, type: 'file' },
        data: Buffer.from('evil'),
      });
      return [
        ...traps.map(evil),
        evil(`${folder}/not-a-digest`),
        evil(`${folder}/${'0'.repeat(64)}`),
        link(`${folder}/${'1'.repeat(64)}`, 'symlink', '/etc/passwd'),
        link('out', 'symlink', '/tmp'),
        link(`${folder}/${'2'.repeat(64)}`, 'link', '/etc/passwd'),
        evil('out/os-cache-escaped'),
        ...entries,
      ];
    });
    const outcome = await run();
    expect(outcome.fetched).toEqual([]);
    await expectTold(outcome, /holds 10 files that it must not/);
    const { machine } = outcome;
    for (const place of [
      ...traps.map((trap) => path.resolve(machine.workspace, trap)),
      machine.file('out'),
    ]) {
      expect(await isThere(place)).toBe(false);
    }
  });

  it('that unpacks to more than it may have is given up', async () => {
    const zeros = Buffer.alloc(64 * 1024 * 1024);
    await poison((entries) => [
      { header: { name: 'bomb', size: zeros.length, type: 'file' }, data: zeros },
      ...entries,
    ]);
    const outcome = await run();
    expect(outcome.fetched.length).toBeGreaterThan(0);
    await expectTold(outcome, /unpacks to more than the \d+ bytes that it may have/);
  });

  it('that is not an archive is given up', async () => {
    machines.cache.entries.replace(
      () => true,
      () => Buffer.from('<html>not an archive</html>'),
    );
    const outcome = await run();
    expect(outcome.fetched.length).toBeGreaterThan(0);
    await expectTold(outcome, /catalogue in the cache is not used: its archive is damaged/);
  });

  it('cannot lie about a tag: a HEAD has to agree', async () => {
    const catalogue = sound.find(isCatalogue)!;
    expect((await entriesOf(catalogue.bytes)).length).toBeGreaterThan(0);
    await pushImage(registry.target, 'acme/one', one({ seed: 'moved' }), '1');
    const machine = await machines.fresh();
    await machines.save(machine, NAMES);
    const { images } = await machine.report();
    expect(images.map(({ digest }) => digest)).toContain(one({ seed: 'moved' }).top);
    await pushImage(registry.target, 'acme/one', one(), '1');
  });
});

describe('saving to the cache', () => {
  beforeEach(() => machines.cache.entries.evict(() => true));

  it.each<[string, readonly CacheRule[], RegExp]>([
    [
      'a read-only token',
      [{ on: 'reserve', fault: { deny: 'write' } }],
      /this run may read the cache and not write it/,
    ],
    [
      'a rate limit',
      [{ on: 'reserve', fault: { status: 429, headers: { 'retry-after': '60' } } }],
      /saves too often, for the next 60 s \(429\)/,
    ],
    ['an upload that is refused', [{ on: 'upload', fault: { status: 403 } }], /is not saved to the cache/],
    [
      'an entry that is not taken at the end',
      [{ on: 'commit', fault: { status: 400 } }],
      /is not saved to the cache/,
    ],
  ])('%s is said as what it is, and fails nothing', async (_name, rules, words) => {
    const outcome = await run(rules);
    await expectTold(outcome, words);
    expect(machines.cache.entries.all()).toEqual([]);
    expect(outcome.result.log).not.toContain('another job may be');
    expect((await stat(outcome.machine.file('oci-bundle'))).isDirectory()).toBe(true);
  });

  it('makes no further request once the service refused', async () => {
    await run([{ on: 'reserve', fault: { deny: 'write' } }]);
    expect(machines.cache.calls('reserve')).toHaveLength(1);
  });

  it('a key that another job takes meanwhile causes no warning', async () => {
    const { machine, result } = await run([
      { on: 'reserve', key: '-pack-', fault: { status: 409, message: 'already_exists' } },
    ]);
    expect((await machine.report()).cache?.troubles).toEqual([]);
    expect(result.log).toMatch(/in the cache already: pack/);
  });
});
