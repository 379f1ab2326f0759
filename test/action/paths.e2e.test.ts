import { cp, link, mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type BadRegistry, startBadRegistry } from '../support/bad-registry.ts';
import { busybox, dockerArchive, idx, one, writeOciLayout } from '../support/fixtures/index.ts';
import { largestBlobOf } from '../support/image.ts';
import { runProgram } from '../support/program.ts';
import { type Runner, startRunner, type StepResult } from '../support/runner.ts';

/** A key that no pull request may read: it lies in the home of the runner's user. */
const KEY_LINES = ['b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9u', 'ZQAAAAAAAAABAAAAMwAAAAtzc2gtZWQyNTUxOQ'];
const KEY = ['-----BEGIN OPENSSH PRIVATE KEY-----', ...KEY_LINES, '-----END OPENSSH PRIVATE KEY-----'];
/** A list that only its owner may read: its lines look like references. */
const PRIVATE = 'registry.internal.example/plans/takeover-of-acme:2027';

let registry: BadRegistry;
let runner: Runner;
let outside: string;
beforeAll(async () => {
  registry = await startBadRegistry({ images: { 'good:1': one({ seed: 'good', layerBytes: 64 }) } });
});
afterAll(() => registry.close());
beforeEach(async () => {
  runner = await startRunner();
  outside = path.join(runner.home, 'private');
  await mkdir(outside);
  await writeFile(path.join(outside, 'id_ed25519'), `${KEY.join('\n')}\n`);
  await writeFile(path.join(outside, 'plans.txt'), `${PRIVATE}\n${registry.host}/good:1\n`);
});
afterEach(() => runner.close());

const good = (): string => `${registry.host}/good:1\n`;
const step = (inputs: Readonly<Record<string, string>>): Promise<StepResult> =>
  runner.step({
    platforms: 'linux/amd64',
    'insecure-registries': registry.host,
    retries: '0',
    'dry-run': 'true',
    ...inputs,
  });

/** All that a step shows: its log with commands, its summary, and its report where there is one. */
async function shownBy({ raw, summary, outputs }: StepResult): Promise<string> {
  const report = await runner.report().then(JSON.stringify, () => '');
  return [raw, summary, JSON.stringify(outputs), report].join('\n');
}

const OUT = /links followed, it lies neither in the workspace nor in the runner’s temporary folder/;

/** What came of a step that should fail over a path, and show and ask for nothing of what lies there. */
async function refusalOf(result: StepResult): Promise<unknown> {
  const shown = await shownBy(result);
  const secrets = [...KEY_LINES, 'takeover', 'internal.example'];
  return {
    exitCode: result.exitCode,
    log: OUT.test(result.log) ? 'names the path' : result.log,
    shown: secrets.filter((secret) => shown.includes(secret)),
    asked: registry.requests().filter(({ path: asked }) => asked.includes('takeover')),
  };
}
const REFUSED = { exitCode: 1, log: 'names the path', shown: [], asked: [] };

/** What came of a step that should save one image. */
const savedBy = ({ exitCode, outputs, raw }: StepResult): unknown => [
  exitCode,
  outputs['count'],
  exitCode === 0 ? '' : raw,
];
const ONE = [0, '1', ''];

describe('found B3: an image list in the workspace', () => {
  it.each<[string, string, () => Promise<void>]>([
    ['a link to a file elsewhere', 'images.txt', () => linkTo('plans.txt', 'images.txt')],
    ['a link to a key', 'images.txt', () => linkTo('id_ed25519', 'images.txt')],
    ['in a folder that is a link', 'lists/plans.txt', () => symlink(outside, runner.file('lists'))],
    [
      'a link to a link',
      'images.txt',
      async () => {
        await linkTo('plans.txt', 'second');
        await symlink('second', runner.file('images.txt'));
      },
    ],
    ['found by a pattern', '*.txt', () => linkTo('plans.txt', 'images.txt')],
    ['found by a pattern in a folder', 'lists/*.txt', () => symlink(outside, runner.file('lists'))],
    [
      'behind dots that a link redirects',
      'lists/../plans.txt',
      async () => {
        await mkdir(path.join(outside, 'deep'));
        await symlink(path.join(outside, 'deep'), runner.file('lists'));
        await linkTo('plans.txt', 'plans.txt');
      },
    ],
  ])('is refused where it is %s', async (_, list, prepare) => {
    await prepare();
    expect(await refusalOf(await step({ 'image-list': list }))).toEqual(REFUSED);
  });

  it.each<[string, () => Promise<void>]>([
    [
      'a link to a file in the workspace',
      async () => {
        await runner.write('lists/base.txt', good());
        await symlink('lists/base.txt', runner.file('images.txt'));
      },
    ],
    [
      'a link to the runner’s temporary folder',
      async () => {
        await writeFile(path.join(runner.temp, 'made.txt'), good());
        await symlink(path.join(runner.temp, 'made.txt'), runner.file('images.txt'));
      },
    ],
    [
      'a name beginning with dots',
      async () => {
        await runner.write('..lists/base.txt', good());
        await symlink('..lists/base.txt', runner.file('images.txt'));
      },
    ],
  ])('may be %s', async (_, prepare) => {
    await prepare();
    expect(savedBy(await step({ 'image-list': 'images.txt' }))).toEqual(ONE);
  });

  it('lies anywhere where the workflow says so', async () => {
    await writeFile(path.join(outside, 'own.txt'), good());
    await symlink(path.join(outside, 'own.txt'), path.join(outside, 'link.txt'));
    for (const file of ['own.txt', 'link.txt']) {
      expect(savedBy(await step({ 'image-list': path.join(outside, file) }))).toEqual(ONE);
    }
    const relative = path.relative(runner.workspace, path.join(outside, 'own.txt'));
    expect(savedBy(await step({ 'image-list': relative }))).toEqual(ONE);
  });

  it('lies in the workspace by each name of it, which may be a link itself', async () => {
    const alias = path.join(runner.folder, 'alias');
    await symlink(runner.workspace, alias);
    await runner.write('images.txt', good());
    const env = { GITHUB_WORKSPACE: alias };
    const inputs = { 'insecure-registries': registry.host, 'dry-run': 'true', platforms: 'linux/amd64' };
    const list = { 'image-list': path.join(alias, 'images.txt') };
    expect(savedBy(await runner.step({ ...inputs, ...list }, { env }))).toEqual(ONE);
    await rm(runner.file('images.txt'));
    await linkTo('plans.txt', 'images.txt');
    expect(await refusalOf(await runner.step({ ...inputs, ...list }, { env }))).toEqual(REFUSED);
  });

  it('is refused where it is a pipe, and nobody waits for a writer', async () => {
    expect((await runProgram('mkfifo', [runner.file('images.txt')])).exitCode).toBe(0);
    const result = await step({ 'image-list': 'images.txt' });
    expect([result.exitCode, result.log]).toEqual([1, expect.stringMatching(/images\.txt: it is a pipe/)]);
  });

  it('that is a hard link is a file like any other, as the documentation says', async () => {
    await writeFile(path.join(outside, 'own.txt'), good());
    await link(path.join(outside, 'own.txt'), runner.file('images.txt'));
    expect(savedBy(await step({ 'image-list': 'images.txt' }))).toEqual(ONE);
    expect(await readFile('docs/action-paths.md', 'utf8')).toContain('hard link');
  });
});

describe('found B3: a source that a list names', () => {
  const image = idx({ seed: 'local', layerBytes: 2048 });
  const layoutAt = (folder: string): Promise<unknown> => writeOciLayout(folder, [{ image }]);
  const archiveAt = async (file: string): Promise<void> =>
    writeFile(file, dockerArchive([{ ...busybox(), tags: ['app:1'] }]));

  it.each([
    ['docker-archive:/home/runner/x.tar => x.example/app:1', 3],
    ['oci:/home/runner/layout => x.example/app:1', 3],
    ['oci:../../../home/private/layout => x.example/app:1', 3],
    ['oci-archive:/home/runner/x.oci => x.example/app:1', 3],
    ['dir:../../../home/private/copied => x.example/app:1', 3],
  ])('is refused with file and line: %s', async (line, at) => {
    await layoutAt(path.join(outside, 'layout'));
    await runner.write('images.txt', `# images\n\n${line}\n${good()}`);
    const result = await step({ 'image-list': 'images.txt' });
    expect(await refusalOf(result)).toEqual(REFUSED);
    expect(result.annotations[0]?.properties).toEqual({ file: 'images.txt', line: String(at) });
    expect(result.annotations[0]?.message).toContain(line.split(' ')[0]);
  });

  it.each<[string, string, () => Promise<unknown>]>([
    [
      'a layout that is a link',
      'oci:layout',
      () => symlink(path.join(outside, 'layout'), runner.file('layout')),
    ],
    [
      'an archive that is a link',
      'docker-archive:app.tar:app:1',
      () => symlink(path.join(outside, 'app.tar'), runner.file('app.tar')),
    ],
    [
      'an archive of a layout that is a link',
      'oci-archive:app.oci',
      () => symlink(path.join(outside, 'app.tar'), runner.file('app.oci')),
    ],
    [
      'a folder of skopeo that is a link',
      'dir:copied',
      () => symlink(path.join(outside, 'layout'), runner.file('copied')),
    ],
    [
      'a folder of skopeo whose manifest is a link',
      'dir:copied',
      async () => {
        await mkdir(runner.file('copied'));
        await symlink(path.join(outside, 'layout/index.json'), runner.file('copied/manifest.json'));
      },
    ],
    [
      'a layout whose index is a link',
      'oci:layout',
      async () => {
        await layoutAt(runner.file('layout'));
        await rm(runner.file('layout/index.json'));
        await symlink(path.join(outside, 'layout/index.json'), runner.file('layout/index.json'));
      },
    ],
    ...[image.top, largestBlobOf(image)].map((digest): [string, string, () => Promise<unknown>] => [
      `a layout whose blob ${digest.slice(7, 19)} is a link`,
      'oci:layout',
      async () => {
        const blob = `layout/blobs/sha256/${digest.slice('sha256:'.length)}`;
        await layoutAt(runner.file('layout'));
        await rm(runner.file(blob));
        await symlink(path.join(outside, blob), runner.file(blob));
      },
    ]),
  ])('is refused where it is %s', async (_, source, prepare) => {
    await layoutAt(path.join(outside, 'layout'));
    await archiveAt(path.join(outside, 'app.tar'));
    await prepare();
    await runner.write('images.txt', `${source} => x.example/app:1\n`);
    const inputs = { 'image-list': 'images.txt', 'dry-run': 'false', platforms: 'all' };
    const result = await step(inputs);
    expect(await refusalOf(result)).toEqual(REFUSED);
    expect(result.annotations[0]?.properties).toMatchObject({ file: 'images.txt', line: '1' });
    // The workflow's own word about a path in the workspace is about the workspace, too.
    const inline = { ...inputs, 'image-list': '', images: `${source} => x.example/app:1` };
    expect(await refusalOf(await step(inline))).toEqual(REFUSED);
  });

  it.each<[string, string, () => Promise<unknown>]>([
    ['a layout in the workspace', 'oci:layout', () => layoutAt(runner.file('layout'))],
    [
      'a layout with links inside the workspace',
      'oci:other',
      async () => {
        await layoutAt(runner.file('layout'));
        await symlink('layout', runner.file('other'));
        const blob = runner.file(`layout/blobs/sha256/${image.top.slice('sha256:'.length)}`);
        await rename(blob, runner.file('elsewhere'));
        await symlink(runner.file('elsewhere'), blob);
      },
    ],
    ['an archive in the workspace', 'docker-archive:app.tar:app:1', () => archiveAt(runner.file('app.tar'))],
  ])('may be %s', async (_, source, prepare) => {
    await prepare();
    await runner.write('images.txt', `${source} => x.example/app:1\n`);
    expect(savedBy(await step({ 'image-list': 'images.txt', 'dry-run': 'false', platforms: 'all' }))).toEqual(
      ONE,
    );
  });

  it('may lie anywhere where the workflow names it', async () => {
    await archiveAt(path.join(outside, 'app.tar'));
    const images = `docker-archive:${path.join(outside, 'app.tar')}:app:1 => x.example/app:1`;
    expect(savedBy(await step({ images, 'dry-run': 'false', platforms: 'all' }))).toEqual(ONE);
  });

  const NO_DAEMON = { DOCKER_HOST: 'unix:///nowhere/docker.sock' };

  it.each([
    ['docker-daemon', 'docker-daemon:app:1', ''],
    ['docker-daemon', 'docker-daemon:app:1', 'containers-storage,remote'],
    ['containers-storage', 'containers-storage:localhost/app:1 => x.example/app:1', ''],
    ['containers-storage', 'containers-storage:localhost/app:1 => x.example/app:1', 'docker-daemon'],
  ])(
    'is refused where it is in the storage %s, which the workflow does not name: %s, source %s',
    async (transport, line, source) => {
      await runner.write('images.txt', `${good()}${line}\n`);
      const before = registry.requests().length;
      const inputs = { 'image-list': 'images.txt', platforms: 'linux/amd64', source };
      const result = await runner.step(inputs, { env: NO_DAEMON });
      expect([result.exitCode, result.outputs['outcome']]).toEqual([1, 'refused']);
      const [annotation] = result.annotations;
      expect(annotation?.properties).toEqual({ file: 'images.txt', line: '2' });
      expect(annotation?.message).toContain(`may not name images of ${transport}: whoever wrote it`);
      expect(annotation?.message).toContain(`\`source: remote,${transport}\``);
      expect(annotation?.message).toContain('`images`');
      expect(registry.requests()).toHaveLength(before);
    },
  );

  it('may be in a storage that the workflow names, by source or as an image of its own', async () => {
    await runner.write('images.txt', 'docker-daemon:app:1\n');
    for (const inputs of [
      { 'image-list': 'images.txt', source: 'docker-daemon,remote' },
      { 'image-list': 'images.txt', source: 'local' },
      { images: 'docker-daemon:app:1' },
    ]) {
      const result = await runner.step({ ...inputs, platforms: 'linux/amd64' }, { env: NO_DAEMON });
      // It was asked for, and only the daemon is missing here.
      expect([result.exitCode, result.log]).toEqual([
        1,
        expect.stringContaining('Docker’s daemon cannot be reached'),
      ]);
    }
  });

  it('may lie in the runner’s temporary folder', async () => {
    const made = await mkdtemp(path.join(runner.temp, 'made-'));
    await layoutAt(path.join(made, 'layout'));
    await runner.write('images.txt', `oci:${path.join(made, 'layout')} => x.example/app:1\n`);
    expect(savedBy(await step({ 'image-list': 'images.txt', 'dry-run': 'false', platforms: 'all' }))).toEqual(
      ONE,
    );
  });
});

describe('found B3: a bundle that is a list', () => {
  const image = one({ seed: 'held', layerBytes: 4096 });
  const blob = (digest: string): string => `blobs/sha256/${digest.slice('sha256:'.length)}`;

  /** Makes the same bundle in the workspace and outside, as a folder and as an archive in parts. */
  async function saveTwice(): Promise<void> {
    await writeOciLayout(runner.file('layout'), [{ image }]);
    const made = await step({
      images: 'oci:layout => x.example/app:1',
      'dry-run': 'false',
      output: 'kept',
      archive: 'tar',
      'split-size': '64KiB',
    });
    expect(savedBy(made)).toEqual(ONE);
    await cp(runner.workspace, outside, { recursive: true });
  }

  /** A store of its own: what an earlier run fetched would not be read. */
  const again = (list: string, store: string): Promise<StepResult> =>
    step({ 'image-list': list, 'dry-run': 'false', 'cache-dir': path.join(runner.temp, store) });

  it.each<[string, string, string]>([
    ['a blob', 'kept', `kept/${blob(largestBlobOf(image))}`],
    ['a manifest', 'kept', `kept/${blob(image.top)}`],
    ['its lock', 'kept', 'kept/oci-save.lock.json'],
    ['a part', 'kept.tar.001', 'kept.tar.002'],
    ['a part, named by the list of parts,', 'kept.parts.json', 'kept.tar.003'],
    ['the list of parts', 'kept.tar.001', 'kept.parts.json'],
    ['the lock beside the parts', 'kept.tar.001', 'kept.lock.json'],
  ])('is refused where %s is a link to a file elsewhere: %s', async (_, list, file) => {
    await saveTwice();
    expect(savedBy(await again(list, 'whole'))).toEqual(ONE);
    await rm(runner.file(file));
    await linkTo(file, file);
    expect(await refusalOf(await again(list, 'linked'))).toEqual(REFUSED);
    // The same bundle outside is the workflow's own word.
    expect(savedBy(await again(path.join(outside, list), 'elsewhere'))).toEqual(ONE);
  });

  it('is refused where its archive has the lock beside it as a link to a file elsewhere', async () => {
    await saveTwice();
    const made = await step({ 'image-list': 'kept', 'dry-run': 'false', output: 'whole', archive: 'tar' });
    expect(savedBy(made)).toEqual(ONE);
    await rm(runner.file('whole.lock.json'));
    await linkTo('kept.lock.json', 'whole.lock.json');
    expect(await refusalOf(await again('whole.tar', 'linked'))).toEqual(REFUSED);
  });

  it('may have links to files in the workspace', async () => {
    await saveTwice();
    const file = `kept/${blob(largestBlobOf(image))}`;
    await rename(runner.file(file), runner.file('blob'));
    await symlink(runner.file('blob'), runner.file(file));
    await rename(runner.file('kept.tar.002'), path.join(runner.temp, 'part'));
    await symlink(path.join(runner.temp, 'part'), runner.file('kept.tar.002'));
    expect(savedBy(await again('kept', 'folder'))).toEqual(ONE);
    expect(savedBy(await again('kept.tar.001', 'parts'))).toEqual(ONE);
  });
});

describe('found B3: what lies in the workspace and is no list', () => {
  it('is not shown where a link inside the workspace leads to the checkout’s own token', async () => {
    const token = 'eC1hY2Nlc3MtdG9rZW46Z2hzX1RoZVRva2VuT2ZUaGVKb2I=';
    await runner.write('.git/config', `[http]\n\textraheader = AUTHORIZATION: basic ${token}\n`);
    await symlink('.git/config', runner.file('images.txt'));
    for (const format of ['auto', 'plain', 'list']) {
      const result = await step({ 'image-list': 'images.txt', 'list-format': format });
      expect(result.exitCode).toBe(1);
      expect(await shownBy(result)).not.toContain(token.slice(0, 12));
    }
  });

  it('is not shown where the lock of an earlier bundle is a link to a key', async () => {
    await mkdir(runner.file('oci-bundle'));
    await linkTo('id_ed25519', 'oci-bundle/oci-save.lock.json');
    const result = await step({ images: good(), 'dry-run': 'false' });
    expect(result.exitCode).toBe(1);
    const shown = await shownBy(result);
    for (const secret of KEY_LINES) expect(shown).not.toContain(secret);
  });

  it('is not shown where it is the index of a layout', async () => {
    await writeOciLayout(runner.file('layout'), [{ image: one({ seed: 'layout', layerBytes: 64 }) }]);
    await writeFile(runner.file('layout/index.json'), `${KEY_LINES.join('\n')}\n`);
    const result = await step({ images: 'oci:layout => x.example/a:1' });
    expect([result.exitCode, result.log]).toEqual([1, expect.stringMatching(/index\.json cannot be read/)]);
    const shown = await shownBy(result);
    for (const line of KEY_LINES) expect(shown).not.toContain(line.slice(0, 8));
  });
});

function linkTo(file: string, name: string): Promise<void> {
  return symlink(path.join(outside, file), runner.file(name));
}
