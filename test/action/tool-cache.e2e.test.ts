import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { one } from '../support/fixtures/index.ts';
import { type Listening, listen } from '../support/listen.ts';
import { outputOf } from '../support/program.ts';
import { skopeoStub } from '../support/programs.ts';
import { pushImage } from '../support/push.ts';
import { type Runner, startRunner, type StepResult } from '../support/runner.ts';
import { type DockerRegistry, startDockerRegistry } from '../support/servers/index.ts';
import { toolPath } from '../support/tools.ts';
import { isThere, namesIn } from '../support/whole-bundle.ts';

let registry: DockerRegistry;
/** Serves a skopeo to everyone who asks. */
let server: Listening;
let served: Buffer | undefined;
let downloads: number;
let real: Buffer;
let sha256: string;
let runner: Runner;
/** Where the runner keeps it. */
let kept: string;

beforeAll(async () => {
  real = await readFile(toolPath('skopeo'));
  sha256 = createHash('sha256').update(real).digest('hex');
  registry = await startDockerRegistry();
  await pushImage(registry.target, 'acme/one', one(), '1');
  server = await listen(
    createServer((_request, response) => {
      downloads += 1;
      response.writeHead(served === undefined ? 404 : 200).end(served);
    }),
  );
});
afterAll(() => Promise.all([registry.close(), server.end()]));
beforeEach(async () => {
  [served, downloads] = [real, 0];
  runner = await startRunner();
  kept = path.join(runner.tools, `skopeo/0.0.0-sha256.${sha256}`, process.arch, 'skopeo');
});
afterEach(() => runner.close());

let steps = 0;

/** Saves an image with the skopeo from the address, and without what earlier steps fetched. */
function save(env: Readonly<Record<string, string | undefined>> = {}, on = runner): Promise<StepResult> {
  steps += 1;
  return on.step(
    {
      images: `${registry.host}/acme/one:1`,
      'insecure-registries': registry.host,
      platforms: 'linux/amd64',
      skopeo: `http://me:s3cret@${server.host}/skopeo?sig=s1gnature#sha256=${sha256}`,
      'cache-dir': path.join(on.folder, `cache-${steps}`),
      output: `bundle-${steps}`,
    },
    { env },
  );
}

/** How a step ended: its exit code, its errors and its warnings. */
const endOf = ({ exitCode, annotations }: StepResult): unknown[] => [
  exitCode,
  ...annotations.map(({ message }) => message),
];
const wasTaken = ({ log }: StepResult): boolean =>
  log.includes(`skopeo is taken from the tool cache (${kept})\n`);

describe('B17: skopeo from an address, and the tool cache of a runner', () => {
  it('is fetched once by two runs', async () => {
    const first = await save();
    expect([endOf(first), downloads, wasTaken(first)]).toEqual([[0], 1, false]);
    expect(real.equals(await readFile(kept))).toBe(true);
    expect((await stat(kept)).mode & 0o777).toBe(0o755);
    const second = await save();
    expect([endOf(second), downloads, wasTaken(second)]).toEqual([[0], 1, true]);
    expect(second.outputs['skopeo-version']).toMatch(/^\d+\.\d+/);
    expect(second.outputs['skopeo-version']).toBe(first.outputs['skopeo-version']);
    const folder = `skopeo/0.0.0-sha256.${sha256}`;
    const file = `${folder}/${process.arch}`;
    const names = (await readdir(runner.tools, { recursive: true })).toSorted();
    expect(names).toEqual(['skopeo', folder, file, `${file}.complete`, `${file}/skopeo`]);
    for (const { log } of [first, second]) expect(log).not.toMatch(/s3cret|s1gnature/);
  });

  it('is fetched once by two runs on GitHub Enterprise Server, Gitea and Forgejo', async () => {
    const env = { GITHUB_SERVER_URL: 'https://git.example' };
    expect([endOf(await save(env)), endOf(await save(env)), downloads]).toEqual([[0], [0], 1]);
  });

  /** Puts something else in the place of the file that was kept. */
  const instead =
    (make: (file: string) => Promise<unknown>) =>
    async (file: string): Promise<void> => {
      await rm(file);
      await make(file);
    };
  /** Tells that it was run. */
  const evil = (): string => `#!/bin/sh\n: > ${runner.folder}/was-run\n${skopeoStub('1.9.3')}\n`;

  const WRONG: [what: string, fault: RegExp, change: (file: string) => Promise<void>][] = [
    ['changed', /has sha256:\w{64}, not sha256:\w{64}/, (file) => writeFile(file, evil())],
    ['half written', /has sha256:\w{64}, not sha256:\w{64}/, (file) => truncate(file, 1000)],
    ['too large', /is too large/, (file) => truncate(file, 600 * 1024 * 1024)],
    ['a link to the right bytes', /is a link/, instead((file) => symlink(toolPath('skopeo'), file))],
    ['a folder', /is not a regular file/, instead((file) => mkdir(file))],
    ['a pipe that nobody writes to', /is not a regular file/, instead((file) => outputOf('mkfifo', [file]))],
  ];

  it('is fetched again, and that is said, where the file there is not a regular one with these bytes', async () => {
    await save();
    for (const [what, fault, change] of WRONG) {
      await change(kept);
      downloads = 0;
      const result = await save();
      const [warning = ''] = result.annotations.map(({ message }) => message);
      expect([what, endOf(result), downloads]).toEqual([what, [0, expect.stringMatching(fault)], 1]);
      expect(warning.startsWith(`skopeo in the tool cache (${kept}) `)).toBe(true);
      expect(warning.endsWith(': it was not run, and is fetched again')).toBe(true);
    }
    expect(await isThere(path.join(runner.folder, 'was-run'))).toBe(false);
    const last = await save();
    expect([endOf(last), downloads, wasTaken(last)]).toEqual([[0], 1, true]);
  });

  it('is fetched again without a word where the file is gone', async () => {
    await save();
    await rm(kept);
    expect([endOf(await save()), downloads]).toEqual([[0], 2]);
    expect(await isThere(kept)).toBe(true);
  });

  it('is dropped where the file there is wrong, even if nothing can be fetched', async () => {
    await save();
    await writeFile(kept, evil());
    served = undefined;
    expect((await save()).exitCode).toBe(1);
    expect(await namesIn(path.resolve(kept, '../..'))).toEqual([]);
  });

  it('is not kept where its bytes are others than was said', async () => {
    served = Buffer.from(evil());
    expect((await save()).exitCode).toBe(1);
    expect(await readdir(runner.tools)).toEqual([]);
  });

  it.each<[string, () => string | undefined, isSaid: boolean]>([
    ['there is no tool cache', () => undefined, false],
    ['its name is empty', () => '', false],
    ['it cannot be written', () => path.join(runner.folder, 'a-file/tools'), true],
  ])('is fetched, and not kept, where %s', async (_, place, isSaid) => {
    await writeFile(path.join(runner.folder, 'a-file'), '');
    const result = await save({ RUNNER_TOOL_CACHE: place() });
    expect([endOf(result), downloads]).toEqual([[0], 1]);
    expect(result.log.includes('skopeo could not be kept in the tool cache')).toBe(isSaid);
    expect(await readdir(runner.tools)).toEqual([]);
  });

  it('is used by two jobs at once, and by the next one', async () => {
    const other = await startRunner({ RUNNER_TOOL_CACHE: runner.tools });
    try {
      const results = await Promise.all([save(), save({}, other), save({}, other)]);
      expect(results.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
    } finally {
      await other.close();
    }
    expect((await save()).exitCode).toBe(0);
  });
});
