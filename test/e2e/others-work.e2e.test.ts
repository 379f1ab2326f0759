import { chmod, mkdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../support/deadline.ts';
import { expectExit } from '../support/expect-exit.ts';
import { idx, one } from '../support/fixtures/index.ts';
import { call } from '../support/http.ts';
import { inThisProcess } from '../support/in-this-process.ts';
import { noteNotOnZot } from '../support/not-on-zot.ts';
import { type Workplace, workplace } from '../support/oci-save.ts';
import { outputOf, type ProgramResult } from '../support/program.ts';
import { pushImage } from '../support/push.ts';
import {
  type DockerRegistry,
  hasZot,
  startDockerRegistry,
  startZot,
  type Zot,
  type ZotOptions,
} from '../support/servers/index.ts';
import { checkBundle, filesOf, isThere, namesIn } from '../support/whole-bundle.ts';

let registry: DockerRegistry;
let work: Workplace;
let folder: string;
beforeAll(async () => {
  registry = await startDockerRegistry();
  await pushImage(registry.target, 'app/one', one({ seed: 'others-one' }), '1');
  await pushImage(registry.target, 'app/idx', idx({ seed: 'others-idx' }), '1');
  folder = registry.host.replace(':', '_');
});
afterAll(() => registry.close());
beforeEach(async () => {
  work = await workplace({}, inThisProcess);
});
afterEach(() => work.close());

const args = (...more: readonly string[]): string[] => [
  'save',
  `${registry.host}/app/one:1`,
  `${registry.host}/app/idx:1`,
  '-p',
  'all',
  '--copier',
  'direct',
  '--insecure-registries',
  registry.host,
  ...more,
];

/** Runs a save that has to end before its first request, and changes no file. */
async function refused(...more: readonly string[]): Promise<ProgramResult> {
  const kept = async (): Promise<Map<string, string>> =>
    new Map([...(await filesOf(work.folder))].filter(([file]) => !/^(cache|home)\//.test(file)));
  const before = await kept();
  await registry.clear();
  const result = await work.run(...args(...more));
  expectExit(result, 2);
  expect(await registry.requests()).toEqual([]);
  expect(await kept()).toEqual(before);
  return result;
}

describe('found A18: content that was pushed to a zot that serves the bundle in place', () => {
  const serve = (options: ZotOptions = {}): Promise<Zot> =>
    startZot({ root: work.file('oci-bundle/registry'), readOnly: false, ...options });
  const mine = one({ seed: 'mine' });
  beforeEach(async () => {
    await work.succeed(...args());
  });

  it.each([
    ['the documented configuration', {}],
    ['the default storage', { defaultStorage: true }],
  ])('is named and kept, with %s: a repository, and a tag in one of our repositories', async (_, options) => {
    if (!hasZot()) return noteNotOnZot();
    {
      await using zot = await serve(options);
      await pushImage(zot, 'team/own', mine, '1');
      await pushImage(zot, `${folder}/app/one`, idx({ seed: 'theirs' }), 'patched');
    }
    for (const dry of [[], ['--dry-run']]) {
      const { stderr } = await refused(...dry);
      expect(stderr).toContain(
        `team/own:1 was pushed by somebody into ${work.file('oci-bundle/registry/team/own')}`,
      );
      expect(stderr).toContain(`${folder}/app/one:patched was pushed by somebody into`);
      expect(stderr).not.toContain('blobs');
    }
    await using zot = await serve(options);
    expect((await call(`${zot.url}/v2/team/own/manifests/1`)).status).toBe(200);
  });

  it('is named where it moved a tag of ours', async () => {
    if (!hasZot()) return noteNotOnZot();
    {
      await using zot = await serve();
      await pushImage(zot, `${folder}/app/one`, mine, '1');
    }
    expect((await refused()).stderr).toContain(`${folder}/app/one:1 was pushed by somebody`);
  });

  it('does not block the next save where zot ran with its default storage, and the save says so', async () => {
    if (!hasZot()) return noteNotOnZot();
    const index = work.file(`oci-bundle/registry/${folder}/app/idx/index.json`);
    {
      await using _ = await serve({ defaultStorage: true });
      const modes = async (): Promise<true | undefined> => {
        const files = [index, work.file(`oci-bundle/registry/${folder}/app/one/index.json`)];
        const stats = await Promise.all(files.map((file) => stat(file)));
        return stats.some(({ mode }) => (mode & 0o777) === 0o600) || undefined;
      };
      await until('an index.json that zot wrote anew', modes);
    }
    expect(await isThere(work.file('oci-bundle/registry/cache.db'))).toBe(true);
    expect(await isThere(work.file('oci-bundle/registry/_restore_complete'))).toBe(false);
    const { stderr } = await work.succeed(...args());
    expect(stderr).toContain(
      'a server ran on the earlier bundle; its files there are removed with the bundle: registry/cache.db',
    );
    expect(await checkBundle(work.file('oci-bundle'))).toHaveLength(2);
  });

  it('does not block the next save where a tag was deleted', async () => {
    if (!hasZot()) return noteNotOnZot();
    {
      await using zot = await serve();
      expect((await call(`${zot.url}/v2/${folder}/app/idx/manifests/1`, { method: 'DELETE' })).status).toBe(
        202,
      );
    }
    await work.succeed(...args());
    await checkBundle(work.file('oci-bundle'));
  });

  it('is named in a bundle of the zot view alone, and zot’s own files there do not block', async () => {
    if (!hasZot()) return noteNotOnZot();
    const single = ['--layout', 'zot', '-o', 'root'];
    await work.succeed(...args(...single));
    {
      await using _ = await startZot({ root: work.file('root'), readOnly: false, defaultStorage: true });
    }
    await work.succeed(...args(...single));
    {
      await using zot = await startZot({ root: work.file('root'), readOnly: false });
      await pushImage(zot, 'team/own', mine, '1');
    }
    expect((await refused(...single)).stderr).toContain('team/own:1 was pushed by somebody');
  });

  it('is named where its files look like zot’s own, while zot’s own files are removed', async () => {
    if (!hasZot()) noteNotOnZot();
    const root = work.file('oci-bundle/registry');
    const index = path.join(root, folder, 'app/one/index.json');
    const parsed = JSON.parse(await readFile(index, 'utf8'));
    const rewritten = { schemaVersion: 2, annotations: null, manifests: parsed.manifests.toReversed() };
    await writeFile(index, JSON.stringify(rewritten));
    await chmod(index, 0o600);
    await rm(path.join(root, '_restore_complete'));
    await mkdir(path.join(root, folder, 'app/one/.uploads'));
    await writeFile(path.join(root, folder, 'app/one/.uploads/3f6f'), 'half');
    for (const file of ['cache.db', 'meta.db', 'hardlinkcheck.txt'])
      await writeFile(path.join(root, file), 'x');
    await mkdir(path.join(root, '_trivy/db'), { recursive: true });
    await writeFile(path.join(root, '_trivy/db/trivy.db'), 'x');
    await mkdir(path.join(root, 'begun/.uploads'), { recursive: true });
    await writeFile(path.join(root, 'begun/oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
    await writeFile(path.join(root, 'begun/index.json'), '{"schemaVersion":2,"manifests":null}');

    const pushed = path.join(root, 'team/own');
    await mkdir(path.join(pushed, 'blobs/sha256'), { recursive: true });
    await writeFile(path.join(pushed, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
    const entry = { digest: mine.top, annotations: { 'org.opencontainers.image.ref.name': '1' } };
    await writeFile(
      path.join(pushed, 'index.json'),
      JSON.stringify({ schemaVersion: 2, manifests: [entry] }),
    );
    for (const [digest, bytes] of mine.blobs)
      await writeFile(path.join(pushed, 'blobs/sha256', digest.slice(7)), bytes);
    expect((await refused()).stderr).toContain(`error: team/own:1 was pushed by somebody into ${pushed}`);

    await rm(path.join(root, 'team'), { recursive: true });
    const { stderr } = await work.succeed(...args());
    expect(stderr).toContain('its files there are removed with the bundle');
    await checkBundle(work.file('oci-bundle'));
  });
});

describe('found A7: files of others at a name of the output', () => {
  const NAMES = [
    'oci-bundle.tar',
    'oci-bundle.tar.001',
    'oci-bundle.tar.002',
    'oci-bundle.sha256',
    'oci-bundle.lock.json',
    'oci-bundle.report.json',
    'oci-bundle.join.sh',
    'oci-bundle.join.ps1',
    'oci-bundle.parts.json',
    // Brothers: what was removed by its name alone.
    'oci-bundle.tar.999999999.part',
    'oci-bundle.report.json.999999999.part',
    '.oci-bundle.lock',
    '.oci-bundle.old',
    '.oci-bundle.old.lock.json',
  ];
  const archived = ['--archive', 'tar', '--split-size', '1MiB'];

  it.each(NAMES)('are named and kept: a file at %s', async (name) => {
    await writeFile(work.file(name), 'a note of mine\n');
    for (const dry of [[], ['--dry-run']]) {
      const { stderr } = await refused(...archived, ...dry);
      expect(stderr).toContain(`${work.file(name)} is `);
    }
  });

  it.each(['oci-bundle.tar', 'oci-bundle.report.json', 'oci-bundle.lock.json', '.oci-bundle.lock'])(
    'are named, kept and never waited for: a folder, a link or a pipe at %s',
    async (name) => {
      await mkdir(work.file(name));
      expect((await refused(...archived)).stderr).toContain(`${work.file(name)} is a folder`);
      await rm(work.file(name), { recursive: true });
      await symlink('nowhere', work.file(name));
      const linked = await work.run(...args(...archived));
      expect([linked.exitCode, linked.stderr]).toEqual([
        2,
        expect.stringContaining(`${work.file(name)} is a link`),
      ]);
      await rm(work.file(name));
      await outputOf('mkfifo', [work.file(name)]);
      const piped = await work.run(...args(...archived));
      expect([piped.exitCode, piped.stderr]).toEqual([2, expect.stringContaining('is not a regular file')]);
    },
  );

  it('are named in one message, the first ten of them', async () => {
    for (const name of NAMES) await writeFile(work.file(name), 'a note of mine\n');
    const { stderr } = await refused(...archived);
    expect(stderr).toContain('others wrote at the output; it is left as it is:');
    expect(stderr).toContain(`and ${NAMES.length - 10} more`);
  });

  it.each([
    ['a note', 'oci-bundle/note.txt', 'is a file of somebody else'],
    ['a folder', 'oci-bundle/notes/a.txt', 'is a folder of somebody else'],
    ['a blob', `oci-bundle/blobs/sha256/${'a'.repeat(64)}`, 'is a blob that its lock does not name'],
  ])('are named and kept: %s in the bundle', async (_, name, what) => {
    await work.succeed(...args());
    await mkdir(path.dirname(work.file(name)), { recursive: true });
    await writeFile(work.file(name), 'a note of mine\n');
    expect((await refused()).stderr).toContain(what);
  });

  it.each(['.oci-bundle.new', '.oci-bundle.old'])('are named and kept: a folder at %s', async (name) => {
    await work.succeed(...args());
    await mkdir(work.file(name));
    await writeFile(work.file(`${name}/thesis.txt`), 'mine');
    expect((await refused()).stderr).toContain(`${work.file(name)} holds something else`);
  });

  it('do not concern a run that does not write those names', async () => {
    for (const name of ['oci-bundle.tar', 'oci-bundle.sha256', 'other.report.json'])
      await writeFile(work.file(name), 'mine');
    expectExit(await work.run(...args()), 0);
    const { stdout } = await work.succeed(
      'lock',
      `${registry.host}/app/one:1`,
      '--insecure-registries',
      registry.host,
    );
    expect(JSON.parse(stdout).images).toHaveLength(1);
    expect(await readFile(work.file('oci-bundle.tar'), 'utf8')).toBe('mine');
  });

  it('fail the run at its end where they appear while it works, and are kept', async () => {
    const gate = work.start(...args(...archived));
    await until('the new bundle', async () => (await isThere(work.file('.oci-bundle.new'))) || undefined);
    await writeFile(work.file('oci-bundle.sha256'), 'a note of mine\n');
    const [code] = await new Promise<[number | null]>((resolve) =>
      gate.once('exit', (exit) => resolve([exit])),
    );
    expect(code).toBe(1);
    expect(await readFile(work.file('oci-bundle.sha256'), 'utf8')).toBe('a note of mine\n');
    expect((await work.report()).error).toMatchObject({
      class: 'local',
      message: expect.stringContaining('sha256'),
    });
    // Folder and archive appear together, or neither does.
    expect(await isThere(work.file('oci-bundle'))).toBe(false);
  });

  it('are refused at the name to which a lock is written, while an earlier lock is replaced', async () => {
    const list = [
      'lock',
      `${registry.host}/app/one:1`,
      '--insecure-registries',
      registry.host,
      '-o',
      'images.txt',
    ];
    await writeFile(work.file('images.txt'), 'a list of mine\n');
    await registry.clear();
    const result = await work.run(...list);
    expect([result.exitCode, result.stderr]).toEqual([
      2,
      expect.stringContaining('is not a lock of oci-save'),
    ]);
    expect(await registry.requests()).toEqual([]);
    expect(await readFile(work.file('images.txt'), 'utf8')).toBe('a list of mine\n');
    await rm(work.file('images.txt'));
    await work.succeed(...list);
    await work.succeed(...list);
  });
});

describe('found A7: the lock of another run beside the folder', () => {
  it('is kept by a save that makes no archive and whose bundle has its own lock', async () => {
    await work.succeed(...args());
    const lock = await work.succeed(
      'lock',
      `${registry.host}/app/one:1`,
      '--insecure-registries',
      registry.host,
    );
    await writeFile(work.file('oci-bundle.lock.json'), lock.stdout);
    await work.succeed(...args('--platforms', 'linux/amd64'));
    expect(await readFile(work.file('oci-bundle.lock.json'), 'utf8')).toBe(lock.stdout);
  });

  it('is found again for a bundle of one view, although an archive took its name', async () => {
    await work.succeed(...args('--layout', 'zot', '-o', 'site'));
    await work.succeed(
      ...args('-o', 'second', '--archive', 'tar', '--archive-name', 'site', '-p', 'linux/amd64'),
    );
    const again = await work.run(...args('--layout', 'zot', '-o', 'site'));
    expect([again.exitCode, again.exitCode === 0 ? '' : again.stderr]).toEqual([0, '']);
  });

  it('tells which archive another run writes', async () => {
    const lock = { host: hostname(), pid: process.pid };
    await writeFile(work.file('.shared.lock'), JSON.stringify(lock));
    const { stderr } = await refused('-o', 'second', '--archive', 'tar', '--archive-name', 'shared');
    expect(stderr).toContain(`another run writes to ${work.file('shared')}`);
  });
});

describe('the output of an earlier run', () => {
  const forms = {
    whole: ['--archive', 'tar'],
    parts: ['--archive', 'tar', '--split-size', '1MiB'],
  };
  const sidecars = [
    'oci-bundle.sha256',
    'oci-bundle.parts.json',
    'oci-bundle.join.sh',
    'oci-bundle.join.ps1',
  ];

  it('is replaced, whichever form the archive had', async () => {
    for (const form of [forms.whole, forms.parts, forms.whole, forms.parts])
      await work.succeed(...args(...form));
    expect(await outputOf('sha256sum', ['-c', '--quiet', 'oci-bundle.sha256'], { cwd: work.folder })).toBe(
      '',
    );
  });

  it.each([
    ['without sums', ['oci-bundle.sha256']],
    ['without the list', ['oci-bundle.parts.json']],
    ['without anything beside the parts', sidecars],
    ['without the first part', ['oci-bundle.tar.001']],
    ['without any part', ['oci-bundle.tar.001', 'oci-bundle.tar.002', 'oci-bundle.tar.003']],
  ])('is replaced where a run was killed and left parts %s', async (_, gone) => {
    await work.succeed(...args(...forms.parts));
    for (const name of gone) await rm(work.file(name), { force: true });
    await work.succeed(...args(...forms.parts));
    expect(await outputOf('sha256sum', ['-c', '--quiet', 'oci-bundle.sha256'], { cwd: work.folder })).toBe(
      '',
    );
  });

  it('is replaced where its files were being written, or are empty or cut off', async () => {
    await work.succeed(...args(...forms.parts));
    const cut = async (from: string, to: string, bytes: number): Promise<void> =>
      writeFile(work.file(to), (await readFile(work.file(from))).subarray(0, bytes));
    await cut('oci-bundle.tar.001', 'oci-bundle.tar.001.999999999.part', 512);
    await cut('oci-bundle.tar.002', 'oci-bundle.tar.002.999999999.part', 100);
    await cut('oci-bundle.report.json', 'oci-bundle.report.json.999999999.part', 0);
    await cut('oci-bundle.report.json', 'oci-bundle.report.json', 300);
    await cut('oci-bundle.lock.json', 'oci-bundle.lock.json', 300);
    await cut('oci-bundle.parts.json', 'oci-bundle.parts.json', 90);
    await cut('oci-bundle.join.sh', 'oci-bundle.join.sh', 200);
    await cut('oci-bundle.join.ps1', 'oci-bundle.join.ps1', 200);
    await work.succeed(...args(...forms.parts));
    expect((await namesIn(work.folder)).filter((name) => name.endsWith('.part'))).toEqual([]);
    expect(await outputOf('sha256sum', ['-c', '--quiet', 'oci-bundle.sha256'], { cwd: work.folder })).toBe(
      '',
    );
  });

  it.each([['oci,zot'], ['zot'], ['oci']])(
    'with the views %s is replaced by one with any other views',
    async (layout) => {
      for (const other of ['oci,zot', 'zot', 'oci', layout]) {
        await work.succeed(...args('--layout', layout));
        await work.succeed(...args('--layout', other));
      }
      expect((await namesIn(work.folder)).filter((name) => name.startsWith('.oci'))).toEqual([]);
    },
  );

  it('of one view is recognised by its lock where a run was killed before its folder was renamed', async () => {
    const single = ['--layout', 'zot', '--insecure-registries', registry.host];
    await work.succeed('save', `${registry.host}/app/one:1`, ...single);
    const lock = await readFile(work.file('oci-bundle.lock.json'));
    await writeFile(work.file('.oci-bundle.old.lock.json'), lock);
    await work.succeed('save', `${registry.host}/app/idx:1`, ...single, '-o', 'other');
    await writeFile(work.file('oci-bundle.lock.json'), await readFile(work.file('other.lock.json')));
    const failed = await work.run('save', `${registry.host}/app/nowhere:1`, ...single);
    expectExit(failed, 1);
    expect(await readFile(work.file('oci-bundle.lock.json'))).toEqual(lock);
    await work.succeed('save', `${registry.host}/app/idx:1`, ...single);
    expect(await namesIn(work.folder)).not.toContain('.oci-bundle.old.lock.json');
  });

  it('of one view is recognised by its lock, although an archive alone was written beside it since', async () => {
    const single = ['--layout', 'zot', '--insecure-registries', registry.host];
    await work.succeed('save', `${registry.host}/app/one:1`, ...single);
    const alone = ['-o', 'none', '--archive', 'tar', '--insecure-registries', registry.host];
    await work.succeed('save', `${registry.host}/app/idx:1`, ...alone);
    expect((await work.lock('oci-bundle.lock.json')).images.map(({ ref }) => ref)).toEqual([
      `${registry.host}/app/idx:1`,
    ]);
    await work.succeed('save', `${registry.host}/app/idx:1`, ...single);
    expect((await namesIn(work.folder)).filter((name) => name.startsWith('.oci'))).toEqual([]);
  });

  it('is repaired by the next save where it is damaged or incomplete', async () => {
    await work.succeed(...args());
    const root = work.file(`oci-bundle/registry/${folder}/app/one`);
    await rm(work.file('oci-bundle/index.json'));
    await rm(path.join(root, 'blobs'), { recursive: true });
    await writeFile(path.join(root, 'index.json'), '{"schemaVersion":2,"mani');
    await writeFile(work.file('oci-bundle/report.html'), 'cut');
    await work.succeed(...args());
    expect(await checkBundle(work.file('oci-bundle'))).toHaveLength(2);
  });
});
