import { mkdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { lockSchema } from '../../src/lock/index.ts';
import { type BadRegistry, startBadRegistry } from '../support/bad-registry.ts';
import { brokenTags } from '../support/broken-tags.ts';
import { d2, idx, one } from '../support/fixtures/index.ts';
import { basic } from '../support/http.ts';
import { largestBlobOf } from '../support/image.ts';
import { outputOf } from '../support/program.ts';
import { skopeoStub, writePrograms } from '../support/programs.ts';
import { pushImage } from '../support/push.ts';
import { JOB_TOKEN, type Runner, startRunner, type StepResult } from '../support/runner.ts';
import { type DockerRegistry, startDockerRegistry } from '../support/servers/index.ts';
import { toolPath } from '../support/tools.ts';
import { checkBundle, isThere, namesIn } from '../support/whole-bundle.ts';

let registry: DockerRegistry;
let runner: Runner;
let names: { readonly one: string; readonly idx: string; readonly d2: string };

beforeAll(async () => {
  registry = await startDockerRegistry();
  names = {
    one: `${registry.host}/acme/one:1`,
    idx: `${registry.host}/acme/idx:2`,
    d2: `${registry.host}/acme/d2`,
  };
  await pushImage(registry.target, 'acme/one', one(), '1');
  await pushImage(registry.target, 'acme/idx', idx(), '2');
  await pushImage(registry.target, 'acme/d2', d2(), 'latest');
});
afterAll(() => registry.close());
beforeEach(async () => {
  runner = await startRunner();
});
afterEach(() => runner.close());

const STOPPED =
  /^stopped; what was fetched stays in the store, and no incomplete bundle is left\n(?:no image was copied yet|0 of 1 image whole in the store .*)\nHint: Run it again: it goes on from there\.$/;

/** Inputs that every run has. */
const base = (): Record<string, string> => ({
  platforms: 'linux/amd64',
  'insecure-registries': registry.host,
});

const errorsOf = ({ annotations }: StepResult): StepResult['annotations'] =>
  annotations.filter(({ kind }) => kind === 'error');

/** The step failed, and its last line says so once. */
function expectVerdict(result: StepResult, verdict: string | RegExp): void {
  expect([result.exitCode, result.exitCode === 1 ? '' : result.raw]).toEqual([1, '']);
  const errors = errorsOf(result);
  expect(errors.at(-1)?.message).toMatch(verdict);
  expect(errors.filter(({ message }) => message === errors.at(-1)?.message)).toHaveLength(1);
  expect(result.log.trimEnd().split('\n').at(-1)).toBe(`error: ${errors.at(-1)?.message}`.split('\n').at(-1));
}

describe('a step', () => {
  it('saves a list, and tells outputs, groups, a warning at its line, and a summary', async () => {
    await runner.write(
      'lists/images.txt',
      `# images\n${names.one}\n${names.idx} => site.example/idx:2\n${names.d2}\n`,
    );
    const result = await runner.step({ ...base(), 'image-list': 'lists/*.txt', archive: 'tar' });
    expect([result.exitCode, result.exitCode === 0 ? '' : result.raw]).toEqual([0, '']);

    const bundle = runner.file('oci-bundle');
    expect(await checkBundle(bundle)).toHaveLength(3);
    const lockFile = path.join(bundle, 'oci-save.lock.json');
    const lock = lockSchema.parse(JSON.parse(await readFile(lockFile, 'utf8')));
    const size = Object.values(lock.blobs).reduce((sum, bytes) => sum + bytes, 0);
    const travelling = ['tar', 'sha256', 'lock.json', 'report.json'];
    expect(result.outputs).toEqual({
      outcome: 'saved',
      path: bundle,
      archive: `${bundle}.tar`,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      files: travelling.map((ending) => `${bundle}.${ending}`).join('\n'),
      images: expect.stringMatching(/^\[\{"ref":".*","digest":"sha256:.*","platforms":\["linux\/amd64"\]\}/),
      digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      count: '3',
      size: String(size),
      'fetched-bytes': String(size),
      'cached-bytes': '0',
      'cache-hit': 'false',
      lock: lockFile,
      report: `${bundle}.report.json`,
      'release-url': '',
      'release-id': '',
      assets: '[]',
      failed: '[]',
      'skopeo-version': expect.stringMatching(/^\d+\.\d+/),
    });
    expect(result.groups).toEqual(['Inputs', 'Resolving 3 images', 'Copying 3 images']);
    // Read from top to bottom: what was asked for, what was found, what was fetched, what came out.
    const steps = [
      'image-list: lists/',
      'List: lists/images.txt, 3 images',
      'To fetch: ',
      'Building the bundle',
    ];
    const places = [...steps, 'Images: 3', 'Archive  '].map((words) => result.log.indexOf(words));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(places).not.toContain(-1);
    expect(result.annotations).toEqual([
      {
        kind: 'warning',
        message: `lists/images.txt:4: ${names.d2}: it names no tag: latest is used`,
        properties: { file: 'lists/images.txt', line: '4' },
      },
    ]);
    expect(result.summary).toMatch(/^## 3 images saved\n/);
    expect(result.summary).toContain(`\`${names.idx}\`<br>as \`site.example/idx:2\``);
    expect(result.summary).toMatch(
      /\n\| Archive \| `oci-bundle\.tar` \|\n\| Size \| .+ \|\n\| sha256 \| `[0-9a-f]{64}` \|\n\| Bundle \| `oci-bundle` \|\n/,
    );
    expect(result.summary).toContain('```sh\npodman load -i oci-bundle.tar\n');
  });

  it('pushes what it saves, and fails for a target that refuses, with all that was saved', async () => {
    await using target = await startDockerRegistry();
    await using closed = await startDockerRegistry({ readOnly: true });
    const inputs = { images: `${names.one}, ${names.idx}`, push: `${target.host}/mirror\n${closed.host}` };
    const insecure = [registry, target, closed].map(({ host }) => host).join(',');
    const result = await runner.step({ ...base(), ...inputs, 'insecure-registries': insecure });
    expectVerdict(result, `not all images could be pushed to ${closed.host}`);
    expect(result.outputs['path']).toBe(runner.file('oci-bundle'));
    expect(result.outputs['digest']).toMatch(/^sha256:/);
    expect(JSON.parse(result.outputs['failed'] ?? '')).toMatchObject([{ ref: closed.host, class: 'denied' }]);
    expect(result.summary).toContain(`### Push to ${target.host}/mirror: 2 pushed`);
    expect(result.groups).toContain('Pushing 4 images');
    expect(await checkBundle(runner.file('oci-bundle'))).toHaveLength(2);
    expect(await brokenTags(target.url)).toEqual([]);
  });

  it('says of itself where it ran, in the report alone', async () => {
    await runner.step({ ...base(), images: names.one, layout: 'zot' });
    expect(await runner.report()).toMatchObject({
      tool: { name: 'oci-save' },
      repository: 'org/site',
      commit: '0123456789abcdef0123456789abcdef01234567',
      skopeoVersion: expect.stringMatching(/^\d/),
    });
    const lock = await readFile(runner.file('oci-bundle.lock.json'), 'utf8');
    expect(lock).not.toMatch(/org\/site|0123456789abcdef/);
  });

  it('keeps blobs beside the workspace, so that the next one fetches none', async () => {
    const first = await runner.step({ ...base(), images: `${names.one}, ${names.d2}` });
    await rm(runner.file('oci-bundle'), { recursive: true });
    await registry.clear();
    const second = await runner.step({ ...base(), images: `${names.d2}\n# a comment\n${names.one}` });
    expect(await isThere(path.join(path.dirname(runner.workspace), '_oci-save'))).toBe(true);
    expect(second.outputs).toMatchObject({ 'cache-hit': 'true', 'fetched-bytes': '0', 'skopeo-version': '' });
    expect(second.outputs['digest']).toBe(first.outputs['digest']);
    expect(second.outputs['cached-bytes']).toBe(first.outputs['size']);
    const got = await registry.requests({ method: 'GET' });
    expect(got.map(({ path }) => path).filter((path) => path !== '/v2/')).toEqual([]);
  });

  it('writes nothing in a dry run, and has the digest that the lock would have', async () => {
    const dry = await runner.step({ ...base(), images: names.idx, 'dry-run': 'true', summary: 'false' });
    expect(dry.summary).toBe('');
    expect(await isThere(runner.file('oci-bundle'))).toBe(false);
    expect(await isThere(runner.file('oci-bundle.report.json'))).toBe(false);
    const run = await runner.step({ ...base(), images: names.idx });
    expect(dry.outputs).toMatchObject({
      path: '',
      lock: '',
      report: '',
      'cache-hit': 'false',
      'skopeo-version': '',
    });
    expect(dry.outputs['digest']).toBe(run.outputs['digest']);
  });
});

describe('a step that fails', () => {
  it('says each image at its line, then once how it ended; what was fetched stays', async () => {
    await runner.write('images.txt', `${names.one}\n\n${registry.host}/acme/absent:1\n`);
    const result = await runner.step({ ...base(), 'image-list': 'images.txt' });
    expectVerdict(result, /^1 of 2 images could not be saved$/);
    expect(errorsOf(result)[0]).toMatchObject({
      message: expect.stringMatching(/^images\.txt:3: .*acme\/absent:1.*\nHint: /),
      properties: { title: 'Image not saved (not-found)', file: 'images.txt', line: '3' },
    });
    expect(result.outputs).toMatchObject({ path: '', digest: '', count: '1' });
    expect(JSON.parse(result.outputs['failed'] ?? '')).toEqual([
      { ref: `${registry.host}/acme/absent:1`, class: 'not-found', message: expect.any(String) },
    ]);
    expect(result.summary).toMatch(
      /^## 1 of 2 images could not be saved\n\nNo bundle was written\.\n[^]*### Failed: 1 image\n[^]*### Images: 1\n/,
    );
    expect((await runner.report()).outcome).toBe('failed');
    expect(await isThere(runner.file('oci-bundle'))).toBe(false);
  });

  it('shows one error for all images with one cause, and then the verdict', async () => {
    const absent = Array.from({ length: 15 }, (_, at) => `${registry.host}/acme/absent:${at}`);
    await runner.write('images.txt', absent.join('\n'));
    const result = await runner.step({ ...base(), 'image-list': 'images.txt' });
    expectVerdict(result, /^15 of 15 images could not be saved$/);
    const messages = errorsOf(result).map(({ message }) => message);
    expect(messages).toHaveLength(2);
    expect(messages[0]).toMatch(
      /^images\.txt:1: .*\/acme\/absent:0: .*\nThe same for 14 images:\nimages\.txt:2: /,
    );
    for (const name of absent) expect(result.summary).toContain(`\`${name}\``);
  });

  it('goes on without the image where it is told to, and is loud', async () => {
    const inputs = { ...base(), images: `${names.one}, ${registry.host}/acme/absent:1`, 'on-error': 'warn' };
    const result = await runner.step(inputs);
    expect(result.exitCode).toBe(0);
    expect(errorsOf(result)).toEqual([]);
    expect(result.annotations[0]?.message).toMatch(/^images:2: .*absent:1/);
    expect(result.annotations[0]?.properties).toEqual({ title: 'Image not saved (not-found)' });
    expect(result.outputs).toMatchObject({ count: '1', path: runner.file('oci-bundle') });
    expect(result.summary).toMatch(/^## 1 of 2 images saved\n/);
  });

  it('makes no folder either where the archive cannot be written, and reports why', async () => {
    await using slow = await startBadRegistry();
    const image = one({ layerBytes: 1100 * 1024 });
    slow.put('acme/one', image, '1');
    const gate = Promise.withResolvers<void>();
    const failure = { kind: 'stall', at: 0.5, until: gate.promise } as const;
    slow.misbehave({ faults: [{ path: new RegExp(largestBlobOf(image)), times: 1, failure }] });
    const arrived = slow.request({ kind: 'blob', reference: largestBlobOf(image) }, 'arrival');
    const inputs = { ...base(), 'insecure-registries': slow.host, images: `${slow.host}/acme/one:1` };
    const running = runner.step({ ...inputs, archive: 'tar' });
    await arrived;
    await runner.write('oci-bundle.tar/in-the-way', '');
    gate.resolve();
    const result = await running;
    expectVerdict(
      result,
      /^others wrote at the output since this run began; .*oci-bundle\.tar is a folder\nHint: .* with `output` or `archive-name`\.$/,
    );
    expect(errorsOf(result)).toHaveLength(1);
    const bundle = runner.file('oci-bundle');
    expect(result.outputs).toMatchObject({
      path: '',
      archive: '',
      digest: expect.stringMatching(/^sha256:/),
      report: `${bundle}.report.json`,
      outcome: 'failed',
    });
    expect(JSON.parse(result.outputs['failed'] ?? '')).toMatchObject([{ ref: '', class: 'local' }]);
    expect(await isThere(bundle)).toBe(false);
    expect(await runner.report()).toMatchObject({ outcome: 'failed', error: { class: 'local' }, failed: [] });
    expect(result.summary).toMatch(/^## Failed\n\n\*\*local\*\*: others wrote at the output[^]*<br>Hint: /);
  });

  it.each([
    ['a manifest is silent', /\/manifests\//, /::group::Resolving/],
    ['a layer is silent', /\/blobs\//, /::group::Copying/],
  ])('ends in order when it is cancelled while %s', async (_, silent, cancelAt) => {
    const bad: BadRegistry = await startBadRegistry({
      faults: [{ path: silent, failure: { kind: 'stall', at: 0.5 } }],
    });
    bad.put('acme/slow', idx({ seed: 'slow' }), '1');
    const inputs = { ...base(), images: `${bad.host}/acme/slow:1`, 'insecure-registries': bad.host };
    const result = await runner.step(inputs, { cancelAt });
    expectVerdict(result, STOPPED);
    expect(result.summary).toMatch(/^## Stopped\n/);
    expect(result.outputs).toMatchObject({ outcome: 'cancelled', path: '', failed: '[]' });
    expect(await namesIn(runner.workspace)).toEqual([]);
    await bad.close();
  });
});

describe('a step that is cancelled', () => {
  it('found B6: ends in order while skopeo is deaf to signals', async () => {
    const deaf = `[ "$1" = --version ] && ${skopeoStub('1.18.0')} && exit; trap '' INT TERM; while :; do sleep 60; done`;
    const bin = await writePrograms(path.join(runner.folder, 'bin'), { skopeo: deaf });
    const skopeo = path.join(bin, 'skopeo');
    await pushImage(registry.target, 'acme/large', one({ seed: 'large', layerBytes: 1100 * 1024 }), '1');
    const inputs = { ...base(), images: `${registry.host}/acme/large:1`, copier: 'skopeo', skopeo };
    expectVerdict(await runner.step(inputs, { cancelAt: /::group::Copying/ }), STOPPED);
    expect(await namesIn(runner.workspace)).toEqual([]);
  });
});

describe('bad input', () => {
  it.each<[string, Record<string, string>, RegExp]>([
    ['no image', {}, /^images: no image is given\nHint: Give images, or files with `image-list`\.$/],
    [
      'a boolean that is none',
      { images: 'a', 'strict-tags': 'yes' },
      /^strict-tags: must be true or false\nHint: /,
    ],
    [
      'an unknown input',
      { images: 'a', plattform: 'all' },
      /^there is no input 'plattform'; did you mean 'platforms'\?\n/,
    ],
    [
      'several faults',
      { images: 'a', archive: 'zip', retries: '-1', zzz: '1' },
      /^archive: 'zip' is not one of none, tar\nretries: must be a whole number .*\nthere is no input 'zzz'\nHint: /,
    ],
    [
      'inputs that contradict each other',
      { images: 'a', output: 'none' },
      /^output and archive are both none: nothing would be written\nHint: Name a folder with `output`, or ask for `archive: tar`, `push` or `release`\.$/,
    ],
    [
      'an address of skopeo without its sha256',
      { images: 'a', skopeo: 'https://a.example/s' },
      /^skopeo: an address needs the sha256/,
    ],
    [
      'standard input, which a step has not',
      { 'image-list': '-' },
      /^stdin: there is no standard input to read a list from$/,
    ],
  ])('is one error: %s', async (_, inputs, message) => {
    const result = await runner.step(inputs);
    expectVerdict(result, message);
    expect(errorsOf(result)).toHaveLength(1);
    expect(result.groups.filter((title) => title !== 'Inputs')).toEqual([]);
    expect(result.summary).toMatch(/^## Nothing was saved\n/);
    expect(result.outputs).toMatchObject({ outcome: 'refused', path: '', report: '' });
    expect(JSON.parse(result.outputs['failed'] ?? '')).toMatchObject([{ ref: '' }]);
  });

  it('is an error at each line of a list', async () => {
    await runner.write('lists/a.txt', `${names.one}\nFoo/BAR:1\n\na b\n`);
    await registry.clear();
    const result = await runner.step({ ...base(), 'image-list': 'lists/a.txt\nlists/none.txt' });
    expectVerdict(result, /^Nothing was saved: the image lists have 3 faults$/);
    expect(errorsOf(result).map(({ properties }) => properties)).toEqual([
      { file: 'lists/none.txt' },
      { file: 'lists/a.txt', line: '2' },
      { file: 'lists/a.txt', line: '4' },
      {},
    ]);
    expect(result.summary).toContain("| `lists/a.txt:2` | 'Foo/BAR:1' is not an image reference");
    expect(await registry.requests()).toEqual([]);
  });

  it('in a list outside the workspace is an error that names it, beside no line of another file', async () => {
    await writeFile(path.join(runner.workspace, '../outside.txt'), 'Foo/BAR:1\nfoo BAR\n');
    const result = await runner.step({ ...base(), 'image-list': '../outside.txt' });
    expectVerdict(result, /^Nothing was saved: the image lists have 2 faults$/);
    expect(errorsOf(result)[0]?.properties).toEqual({});
    expect(errorsOf(result)[0]?.message).toMatch(/^\.\.\/outside\.txt:1: 'Foo\/BAR:1'/);
  });

  it('prints no commands of its own', async () => {
    await runner.write('a.txt', 'x ::error::owned\n::add-mask::e\n##[group]x\n\u001B[31m::warning::x\n');
    const result = await runner.step({ 'image-list': 'a.txt' });
    expectVerdict(result, /^Nothing was saved/);
    expect(result.masks).toEqual([JOB_TOKEN]);
    expect(result.raw).not.toMatch(/##\[|\u001B/);
    expect(result.annotations.every(({ message }) => !/^(owned|x)$/.test(message))).toBe(true);
  });
});

describe('a runner that lacks something', () => {
  it('cannot be told the outputs: the step has failed, and says why', async () => {
    const env = { GITHUB_OUTPUT: path.join(runner.folder, 'not-there') };
    const result = await runner.step({ ...base(), images: names.one }, { env });
    expectVerdict(result, /^the outputs cannot be passed to the runner\nCause: Missing file at path: /);
    expect(result.summary).toMatch(/^## Failed\n/);
  });

  it('needs no folder for temporary files and no tool cache', async () => {
    const env = { RUNNER_TEMP: undefined, RUNNER_TOOL_CACHE: undefined };
    expect((await runner.step({ ...base(), images: names.one }, { env })).exitCode).toBe(0);
  });

  it.each(['a folder', 'nothing, in a folder that is not there'])('has as its summary %s', async (what) => {
    const file = path.join(runner.folder, what === 'a folder' ? '' : 'not/there');
    const result = await runner.step(
      { ...base(), images: names.one },
      { env: { GITHUB_STEP_SUMMARY: file } },
    );
    expect(result.exitCode).toBe(0);
    expect(result.log).toMatch(/The job summary could not be written \((EISDIR|ENOENT)\)\./);
    expect(result.outputs['count']).toBe('1');
  });

  it('is none of GitHub’s: no command files, no workspace, no repository', async () => {
    const unset = [
      'GITHUB_WORKSPACE',
      'GITHUB_REPOSITORY',
      'GITHUB_SHA',
      'GITHUB_SERVER_URL',
      'GITHUB_OUTPUT',
      'GITHUB_STATE',
      'GITHUB_ENV',
      'GITHUB_PATH',
      'GITHUB_STEP_SUMMARY',
      'RUNNER_TEMP',
      'RUNNER_TOOL_CACHE',
      'RUNNER_OS',
      'RUNNER_ARCH',
    ];
    const env = { GITEA_ACTIONS: 'true', ...Object.fromEntries(unset.map((name) => [name, undefined])) };
    const result = await runner.step({ ...base(), images: names.one }, { env });
    expect(result.exitCode).toBe(0);
    expect(result.raw).toContain(`::set-output name=path::${runner.file('oci-bundle')}`);
    expect(await runner.report()).not.toHaveProperty('repository');
    expect(await isThere(path.join(runner.workspace, '../_oci-save'))).toBe(true);
  });

  it('has a workspace whose parent may not be written: the store is with the temporary files', async () => {
    // Where nobody may make a folder, root included: the name is taken by a file.
    await writeFile(path.join(runner.workspace, '../_oci-save'), '');
    expect((await runner.step({ ...base(), images: names.one })).exitCode).toBe(0);
    expect(await isThere(path.join(runner.temp, '_oci-save'))).toBe(true);
  });
});

describe('secrets', () => {
  const USER = { username: 'puller', password: 'correct horse battery staple' };
  let guarded: DockerRegistry;
  beforeAll(async () => {
    guarded = await startDockerRegistry({ users: { [USER.username]: USER.password } });
    await pushImage(guarded.target, 'acme/one', one(), '1');
  });
  afterAll(() => guarded.close());

  const SECRETS = [USER.password, basic(USER).slice('Basic '.length)];

  /** No line shows a secret that was not told to the runner before. */
  function expectHidden({ raw, log, masks, summary, outputs }: StepResult, secrets: readonly string[]): void {
    for (const secret of secrets) {
      expect(masks).toContain(secret);
      expect(log).not.toContain(secret);
      expect(raw.replaceAll(`::add-mask::${secret}`, '')).not.toContain(secret);
      expect(summary + JSON.stringify(outputs)).not.toContain(secret);
    }
  }

  async function logIn(password = USER.password): Promise<void> {
    const auth = Buffer.from(`${USER.username}:${password}`).toString('base64');
    await mkdir(path.join(runner.home, '.docker'), { recursive: true });
    const config = JSON.stringify({ auths: { [guarded.host]: { auth } } });
    await writeFile(path.join(runner.home, '.docker/config.json'), config);
  }

  it('of a docker login are hidden before anything is done with them', async () => {
    await logIn();
    const inputs = { ...base(), images: `${guarded.host}/acme/one:1`, 'insecure-registries': guarded.host };
    const result = await runner.step(inputs, { env: { RUNNER_DEBUG: '1' } });
    expect(result.exitCode).toBe(0);
    expectHidden(result, SECRETS);
    const files = await readFile(runner.file('oci-bundle.report.json'), 'utf8');
    for (const secret of SECRETS) expect(files).not.toContain(secret);
  });

  it('that are wrong are hidden, too', async () => {
    await logIn('not the password');
    const inputs = { ...base(), images: `${guarded.host}/acme/one:1`, 'insecure-registries': guarded.host };
    const result = await runner.step(inputs, { env: { RUNNER_DEBUG: '1' } });
    expectVerdict(result, /^1 of 1 image could not be saved$/);
    expect(errorsOf(result)[0]?.properties['title']).toBe('Image not saved (denied)');
    expectHidden(result, ['not the password']);
  });

  it('of several lines are hidden line by line', async () => {
    const lines = ['the first line of it', 'and the second'];
    await logIn(lines.join('\n'));
    const inputs = { ...base(), images: `${guarded.host}/acme/one:1`, 'insecure-registries': guarded.host };
    const result = await runner.step(inputs, { env: { RUNNER_DEBUG: '1' } });
    expect(result.exitCode).toBe(1);
    expect(errorsOf(result)[0]?.properties['title']).toBe('Image not saved (denied)');
    expectHidden(result, lines);
  });

  it('found J5: of less than four characters are not hidden, which a warning says once', async () => {
    await logIn('e');
    const images = `${guarded.host}/acme/one:1\n${guarded.host}/acme/one:2`;
    const inputs = { ...base(), images, 'insecure-registries': guarded.host };
    const result = await runner.step(inputs);
    expectVerdict(result, /^2 of 2 images could not be saved$/);
    expect(result.masks).toEqual([JOB_TOKEN, Buffer.from(`${USER.username}:e`).toString('base64')]);
    const warnings = result.annotations.filter(({ kind }) => kind === 'warning');
    expect(warnings.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^a password or token with less than four characters/),
    ]);
  });

  it('found J5: that are part of an output are told of, without the secret', async () => {
    await mkdir(path.join(runner.home, '.docker'), { recursive: true });
    const auth = Buffer.from('me:bundle').toString('base64');
    const config = JSON.stringify({ auths: { [registry.host]: { auth } } });
    await writeFile(path.join(runner.home, '.docker/config.json'), config);
    const result = await runner.step({ ...base(), images: names.one });
    expect(result.exitCode).toBe(0);
    expect(result.annotations.map(({ message }) => message)).toEqual([
      'a password or token is part of the text of path, files, lock, report: the runner passes such outputs to no other job',
    ]);
    expect(result.outputs['path']).toBe(runner.file('oci-bundle'));
  });

  it('found B9: give what they gave to no later job without them, whoever copied it', async () => {
    const large = one({ seed: 'by skopeo', layerBytes: 1200 * 1024 });
    await pushImage(guarded.target, 'acme/large', large, '1');
    const images = `${guarded.host}/acme/large@${large.top}`;
    const inputs = { ...base(), images, 'insecure-registries': guarded.host };
    await logIn();
    const first = await runner.step(inputs);
    expect([first.exitCode, first.outputs['cache-hit']]).toEqual([0, 'false']);
    await rm(path.join(runner.home, '.docker'), { recursive: true });
    const without = await runner.step({ ...inputs, output: 'without' });
    expectVerdict(without, /^1 of 1 image could not be saved$/);
    expect(errorsOf(without)[0]?.properties['title']).toBe('Image not saved (denied)');
    expect(await isThere(runner.file('without'))).toBe(false);
    await logIn();
    const again = await runner.step({ ...inputs, output: 'again' });
    expect([again.exitCode, again.outputs['cache-hit']]).toEqual([0, 'true']);
    expect(await checkBundle(runner.file('again'))).toHaveLength(1);
  });

  it('of addresses are hidden, whatever else is wrong', async () => {
    const skopeo = 'https://me:s3cret@127.0.0.1:1/skopeo?sig=signature';
    const env = { HTTPS_PROXY: 'http://me:pr0xy@127.0.0.1:1' };
    const result = await runner.step({ images: 'a', skopeo, retries: 'x' }, { env });
    expectVerdict(result, /^retries: /);
    expect(result.masks).toHaveLength(3 + [JOB_TOKEN].length);
    expectHidden(result, ['s3cret', 'sig=signature', 'pr0xy']);
  });
});

describe('a job in a container', () => {
  const ROOT = process.getuid?.() === 0;
  /** Runs the step in a mount namespace of its own, after `script`. */
  const mounted = (script: string): string[] => [
    toolPath('unshare'),
    ...(ROOT ? [] : ['--user', '--map-root-user']),
    '--mount',
    'sh',
    '-c',
    `set -e\n${script}\nexec "$0" "$@"`,
  ];

  it('has store and workspace on two mounts, over which nothing can be linked', async () => {
    const [store, output] = [path.join(runner.folder, 'store'), runner.file('out')];
    const behind = path.join(runner.folder, 'behind');
    for (const folder of [store, output, `${behind}/store`, `${behind}/out`])
      await mkdir(folder, { recursive: true });
    const wrap = mounted(`mount --bind ${behind}/store ${store}\nmount --bind ${behind}/out ${output}`);
    const inputs = {
      ...base(),
      images: `${names.one}, ${names.idx}`,
      output: 'out/bundle',
      'cache-dir': store,
    };
    const first = await runner.step(inputs, { wrap });
    expect([first.exitCode, first.exitCode === 0 ? '' : first.raw]).toEqual([0, '']);
    expect(await checkBundle(path.join(behind, 'out/bundle'))).toHaveLength(2);
    const second = await runner.step(inputs, { wrap });
    expect(second.outputs).toMatchObject({ 'cache-hit': 'true', digest: first.outputs['digest'] });
  });

  it('case F4: has no /etc/containers', async () => {
    const wrap = mounted('[ ! -d /etc/containers ] || mount -t tmpfs none /etc/containers');
    const result = await runner.step({ ...base(), images: names.one }, { wrap });
    expect([result.exitCode, result.exitCode === 0 ? '' : result.raw]).toEqual([0, '']);
    expect(result.outputs['skopeo-version']).not.toBe('');
  });

  it.each([
    ['block the registry', (host: string) => `[[registry]]\nlocation = "${host}"\nblocked = true\n`],
    [
      'send its readers to a mirror that is not there',
      (host: string) =>
        `[[registry]]\nlocation = "${host}"\nmirror = [{ location = "127.0.0.1:1/mirror", insecure = true }]\n`,
    ],
    [
      'give its images other names',
      (host: string) =>
        `[[registry]]\nprefix = "${host}/acme"\nlocation = "${host}/elsewhere"\ninsecure = true\n`,
    ],
    ['are no settings', () => 'this is no TOML\n'],
  ])('case F4: has settings for containers that %s: they change nothing', async (_, dropIn) => {
    const host = path.join(runner.folder, 'containers');
    const files = {
      'policy.json': '{"default":[{"type":"reject"}]}',
      'registries.conf': 'unqualified-search-registries = ["127.0.0.1:1"]\nshort-name-mode = "enforcing"\n',
      'registries.conf.d/90-site.conf': dropIn(registry.host),
      'registries.d/site.yaml': 'default-docker:\n  lookaside: http://127.0.0.1:1/signatures\n',
      [`certs.d/${registry.host}/client.cert`]: 'of another one, and without a key',
    };
    for (const [name, content] of Object.entries(files)) {
      await mkdir(path.dirname(path.join(host, name)), { recursive: true });
      await writeFile(path.join(host, name), content);
    }
    const wrap = mounted(`mkdir -p /etc/containers\nmount --bind ${host} /etc/containers`);
    const inputs = { ...base(), images: `${names.one}, ${names.d2}` };
    const result = await runner.step(inputs, { wrap });
    expect([result.exitCode, result.exitCode === 0 ? '' : result.raw]).toEqual([0, '']);
    expect(await checkBundle(runner.file('oci-bundle'))).toHaveLength(2);
    // What skopeo cannot read at all is named, and the built-in client goes on.
    const unreadable = dropIn(registry.host).includes('no TOML');
    const named = expect.stringMatching(
      /90-site\.conf.*; the built-in client completes it\nThe same for 1 image:\n/,
    );
    const warnings = result.annotations.map(({ message }) => message).slice(1);
    // A folder of certificates counts; one that cannot be used is named, and passed over.
    const passedOver = expect.stringContaining(`the certificates for ${registry.host} are passed over`);
    expect(warnings).toEqual(unreadable ? [named, passedOver] : [passedOver]);
    const { images } = await runner.report();
    const copiers = images.map(({ copier }) => copier);
    expect(new Set(copiers)).toEqual(new Set(unreadable ? ['direct'] : ['both']));
  });

  it('case F6: has a user who is not root, and no home', async () => {
    // Wherever this checkout lies, the user can read it.
    const read = ['--inh-caps', '+dac_read_search', '--ambient-caps', '+dac_read_search'];
    const user = [toolPath('setpriv'), '--reuid', '65534', '--regid', '65534', '--clear-groups', ...read];
    if (ROOT) await outputOf('chown', ['-R', '65534:65534', runner.folder]);
    const env = { HOME: '/nonexistent', XDG_RUNTIME_DIR: undefined };
    const inputs = { ...base(), images: `${names.one}, ${names.d2}` };
    const result = await runner.step(inputs, { wrap: ROOT ? user : [], env });
    expect([result.exitCode, result.exitCode === 0 ? '' : result.raw]).toEqual([0, '']);
    expect((await stat(runner.file('oci-bundle'))).uid).not.toBe(0);
  });

  it('has its workspace behind a symbolic link', async () => {
    const link = path.join(runner.folder, 'linked');
    await symlink(runner.workspace, link);
    await runner.write('images.txt', 'Foo/BAR:1\na b\n');
    const result = await runner.step({ 'image-list': 'images.txt' }, { env: { GITHUB_WORKSPACE: link } });
    expect(errorsOf(result)[0]?.properties).toEqual({ file: 'images.txt', line: '1' });
  });
});
