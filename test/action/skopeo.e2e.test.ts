import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { d2, one } from '../support/fixtures/index.ts';
import { basic } from '../support/http.ts';
import { type Listening, listen } from '../support/listen.ts';
import { skopeoStub, writePrograms } from '../support/programs.ts';
import { pushImage } from '../support/push.ts';
import { type Runner, startRunner, type StepOptions, type StepResult } from '../support/runner.ts';
import { type DockerRegistry, startDockerRegistry } from '../support/servers/index.ts';
import { toolPath } from '../support/tools.ts';
import { checkBundle, isThere, namesIn } from '../support/whole-bundle.ts';

let registry: DockerRegistry;
let runner: Runner;
/** The only folder on PATH. */
let bin: string;

beforeAll(async () => {
  registry = await startDockerRegistry();
  await pushImage(registry.target, 'acme/one', one(), '1');
  await pushImage(registry.target, 'acme/legacy', d2(), '1');
  await pushImage(registry.target, 'acme/tiny', one({ seed: 'tiny', layerBytes: 1000 }), '1');
});
afterAll(() => registry.close());
beforeEach(async () => {
  runner = await startRunner();
  bin = path.join(runner.folder, 'bin');
  await mkdir(bin);
});
afterEach(() => runner.close());

/** As sudo is set up on hosted runners: no question, and a PATH of its own. */
const SUDO = '[ "$1" = -n ] || exit 1; shift; PATH="$PATH:/usr/bin:/bin" exec "$@"';

/** Saves images on a machine that has these programs and sudo on PATH, and nothing else. */
async function stepWith(
  programs: Readonly<Record<string, string>>,
  inputs: Readonly<Record<string, string>> = {},
  options: Pick<StepOptions, 'cancelAt'> = {},
): Promise<StepResult> {
  await writePrograms(bin, { sudo: SUDO, ...programs });
  return runner.step(
    {
      images: `${registry.host}/acme/one:1, ${registry.host}/acme/legacy:1`,
      'insecure-registries': registry.host,
      platforms: 'linux/amd64',
      ...inputs,
    },
    {
      env: {
        PATH: bin,
        HOMEBREW_PREFIX: path.join(runner.folder, 'brew'),
        SECRET_OF_JOB: 'visible to no one',
      },
      ...options,
    },
  );
}

const calls = async (): Promise<string[]> =>
  (await readFile(path.join(bin, 'calls'), 'utf8')).trimEnd().split('\n');

/** Notes how a program was called, and with which of the job's secrets. */
const NOTED = `echo "$(/usr/bin/basename "$0") $*$SECRET_OF_JOB" >> "$(/usr/bin/dirname "$0")/calls"`;
/** Puts the machine's real skopeo onto PATH when it is told to install it. */
const installs = (): string =>
  `${NOTED}\ncase "$*" in *install*) /bin/ln -sf ${toolPath('skopeo')} ${bin}/skopeo; echo 'Setting up skopeo ::error::x'; echo '::error::done' >&2;; esac`;

const STOPPED = 'stopped; what was fetched stays in the store, and no incomplete bundle is left';

const errorsOf = ({ annotations }: StepResult): string[] =>
  annotations.flatMap(({ kind, message }) => (kind === 'error' ? [message] : []));

describe('a runner without skopeo', () => {
  it('gets it from its package manager, in a group of its own, and saves', async () => {
    const result = await stepWith({ 'apt-get': installs() });
    expect([result.exitCode, result.exitCode === 0 ? '' : result.raw]).toEqual([0, '']);
    const options = '-o Acquire::Retries=3 -o DPkg::Lock::Timeout=120';
    const expected = [
      `apt-get ${options} update`,
      `apt-get ${options} install -y --no-install-recommends skopeo`,
    ];
    expect(await calls()).toEqual(expected);
    expect(result.groups).toEqual([
      'Inputs',
      'Resolving 2 images',
      ...expected.map((call): unknown => expect.stringMatching(`^\\$ .*${bin}/${call}$`)),
      'Copying 2 images',
    ]);
    expect(result.log).toContain('Setting up skopeo : :error::x\n');
    expect(errorsOf(result)).toEqual([]);
    expect(result.outputs['skopeo-version']).toMatch(/^\d+\.\d+/);
    expect(result.log).toContain(`skopeo ${result.outputs['skopeo-version']} (${bin}/skopeo)`);
    expect(await checkBundle(runner.file('oci-bundle'))).toHaveLength(2);
  });

  it('gets it where something else has its name', async () => {
    const result = await stepWith({ skopeo: 'echo I am a script', 'apt-get': installs() });
    expect([result.exitCode, errorsOf(result)]).toEqual([0, []]);
    expect(result.outputs['skopeo-version']).toMatch(/^\d+\.\d+/);
  });

  it('gets one beside the old one of its system', async () => {
    const homebrew = path.join(runner.folder, 'brew/bin');
    await writePrograms(homebrew, {
      brew: `/bin/ln -s ${toolPath('skopeo')} ${homebrew}/skopeo`,
    });
    const result = await stepWith({ skopeo: skopeoStub('1.4.1'), 'apt-get': 'exit 100' });
    expect([result.exitCode, errorsOf(result)]).toEqual([0, []]);
    expect(result.log).toContain(`(${homebrew}/skopeo)`);
  });

  it('is told once what is missing, the command for it, and a way on', async () => {
    await registry.clear();
    const result = await stepWith({ skopeo: skopeoStub('1.4.1'), dnf: 'echo no network >&2; exit 1' });
    expect(result.exitCode).toBe(1);
    expect(errorsOf(result)).toEqual([
      `skopeo 1.4.1 (${bin}/skopeo) is too old: it cannot preserve digests; 1.6.0 can; dnf ended with 1\n` +
        "Hint: Install it with 'sudo dnf install -y skopeo', or copy without it: `copier: direct`.",
    ]);
    expect(result.summary).toMatch(/^## Nothing was saved\n/);
    expect(await isThere(runner.file('oci-bundle'))).toBe(false);
    const blobs = await registry.requests({ kind: 'blob' });
    expect(blobs.filter(({ bytes }) => bytes > 10_000)).toEqual([]);
  });

  it('needs none to copy directly', async () => {
    const result = await stepWith({ 'apt-get': installs() }, { copier: 'direct' });
    expect([result.exitCode, result.outputs['skopeo-version']]).toEqual([0, '']);
    expect(await namesIn(bin)).toEqual(['apt-get', 'sudo']);
  });

  it('needs none where all layers are small, nor where all are here already', async () => {
    const tiny = await stepWith({ 'apt-get': installs() }, { images: `${registry.host}/acme/tiny:1` });
    expect([tiny.exitCode, tiny.outputs['skopeo-version']]).toEqual([0, '']);
    expect((await stepWith({}, { copier: 'direct', output: 'first' })).exitCode).toBe(0);
    const again = await stepWith({}, { output: 'second' });
    expect([again.exitCode, again.outputs['cache-hit']]).toEqual([0, 'true']);
    expect(await namesIn(bin)).toEqual(['apt-get', 'sudo']);
  });

  it('waits for no package manager once it is cancelled', async () => {
    const waiting = "echo 'waiting for a lock'; trap '' INT TERM; while :; do /bin/sleep 20; done";
    const result = await stepWith({ 'apt-get': waiting }, {}, { cancelAt: /waiting for a lock/ });
    expect(result.exitCode).toBe(1);
    expect(errorsOf(result)).toEqual([expect.stringContaining(STOPPED)]);
    expect(await namesIn(path.join(runner.workspace, '../_oci-save/runs'))).toEqual([]);
  });

  it('takes the file that is named, and nothing else', async () => {
    const inputs = { skopeo: toolPath('skopeo') };
    expect((await stepWith({ 'apt-get': installs() }, inputs)).exitCode).toBe(0);
    const absent = await stepWith({ 'apt-get': installs() }, { skopeo: '/no/skopeo', 'cache-dir': 'other' });
    expect(errorsOf(absent)).toEqual([expect.stringMatching(/^\/no\/skopeo is not a skopeo: /)]);
    expect(await namesIn(bin)).toEqual(['apt-get', 'sudo']);
  });
});

describe('skopeo from an address', () => {
  let server: Listening;
  let real: Buffer;
  const served = new Map<string, Buffer | number | RequestListener>();
  beforeAll(async () => {
    real = await readFile(toolPath('skopeo'));
    server = await listen(
      createServer((request, response) => {
        const answer = served.get(request.url ?? '') ?? 404;
        if (typeof answer === 'function') answer(request, response);
        else if (typeof answer === 'number') response.writeHead(answer).end();
        else response.writeHead(200).end(answer);
      }),
    );
  });
  afterAll(() => server.end());

  const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

  it('is fetched, checked and used, and no secret of the address is shown', async () => {
    const auth = basic({ username: 'me', password: 's3cret' });
    served.set('/skopeo?sig=s1gnature', (request, response) => {
      const known = request.headers.authorization === auth;
      response.writeHead(known ? 302 : 401, { location: '/moved' }).end();
    });
    served.set('/moved', real);
    const skopeo = `http://me:s3cret@${server.host}/skopeo?sig=s1gnature#sha256=${sha256(real)}`;
    const result = await stepWith({}, { skopeo });
    expect([result.exitCode, result.exitCode === 0 ? '' : result.raw]).toEqual([0, '']);
    expect(result.groups).toContain(`Fetching skopeo from http://${server.host}/skopeo`);
    const report = await readFile(runner.file('oci-bundle.report.json'), 'utf8');
    for (const text of [result.log, result.summary, report]) expect(text).not.toMatch(/s3cret|s1gnature/);
    expect(result.masks).toEqual(expect.arrayContaining(['s3cret', 'sig=s1gnature']));
  });

  it('is not run where its bytes are others than was said', async () => {
    const mark = path.join(runner.folder, 'was-run');
    const other = Buffer.from(`#!/bin/sh\n: > ${mark}\n${skopeoStub('1.9.3')}\n`);
    served.set('/other', other);
    const skopeo = `http://${server.host}/other#sha256=${sha256(real)}`;
    const result = await stepWith({ 'apt-get': installs() }, { skopeo });
    expect(errorsOf(result)).toEqual([
      `what http://${server.host}/other serves has sha256:${sha256(other)}, not sha256:${sha256(real)}: it was not run\n` +
        'Hint: Look where the bytes come from before you change the sha256.',
    ]);
    expect(await isThere(mark)).toBe(false);
    expect(await isThere(runner.file('oci-bundle'))).toBe(false);
    expect(await namesIn(bin)).toEqual(['apt-get', 'sudo']);
  });

  it('is one error where nothing is to be had', async () => {
    const skopeo = `http://${server.host}/absent#sha256=${sha256(real)}`;
    const result = await stepWith({}, { skopeo });
    expect(errorsOf(result)).toEqual([
      `skopeo could not be fetched from http://${server.host}/absent\n` +
        `Cause: skopeo: ${server.host} answered 404\n` +
        'Hint: Check the address and the proxy, or leave `skopeo` out: it is installed if it is missing.',
    ]);
  });

  it('is not fetched where it is larger than any skopeo', async () => {
    served.set('/huge', (_, response) => {
      response.writeHead(200, { 'content-length': 600 * 1024 * 1024 }).write('begun');
    });
    const result = await stepWith({}, { skopeo: `http://${server.host}/huge#sha256=${sha256(real)}` });
    expect(errorsOf(result)).toEqual([
      expect.stringContaining(`Cause: skopeo: ${server.host} sends more than 512 MiB\n`),
    ]);
  });

  it('is given up when the run is cancelled while its server is silent', async () => {
    const mebibytes = 20;
    served.set('/stalled', (_, response) => {
      response.writeHead(200, { 'content-length': real.length + mebibytes * 1024 * 1024 });
      response.write(Buffer.alloc(mebibytes * 1024 * 1024));
    });
    const skopeo = `http://${server.host}/stalled#sha256=${sha256(real)}`;
    const result = await stepWith({}, { skopeo }, { cancelAt: /^(8|16)\.\d MiB of \d+\.\d MiB$/m });
    expect([result.exitCode, errorsOf(result)]).toEqual([1, [expect.stringContaining(STOPPED)]]);
    expect(await namesIn(path.join(runner.workspace, '../_oci-save/runs'))).toEqual([]);
  });

  it('leaves nothing behind', async () => {
    served.set('/skopeo', real);
    await stepWith({}, { skopeo: `http://${server.host}/skopeo#sha256=${sha256(real)}` });
    expect(await namesIn(runner.temp)).toEqual([]);
    expect(await namesIn(path.join(runner.workspace, '../_oci-save/runs'))).toEqual([]);
  });
});
