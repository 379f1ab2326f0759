import { readFileSync } from 'node:fs';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseLock } from '../../src/lock/index.ts';
import { ACCEPTED_MANIFESTS } from '../../src/oci/media-type.ts';
import { type ActOptions, endsOf, logOf, runAct, startAct } from '../support/act.ts';
import { type BadRegistry, startBadRegistry } from '../support/bad-registry.ts';
import { type CacheServer, startCacheServer } from '../support/cache-server/index.ts';
import { childrenOf } from '../support/children.ts';
import { buildImage, filledLayer, idx, one } from '../support/fixtures/index.ts';
import { basic, call } from '../support/http.ts';
import { type Image, largestBlobOf } from '../support/image.ts';
import { outputOf } from '../support/program.ts';
import { pushImage } from '../support/push.ts';
import { type ReleaseService, startReleaseService, WRITER } from '../support/release-service/index.ts';
import { type DockerRegistry, startDockerd, startDockerRegistry } from '../support/servers/index.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';

/**
 * The examples as they are copied, with `./` in place of this action's name, on GitHub's API and registries of loopback. What
 * act does not do as GitHub: `concurrency` and `permissions` mean nothing to it (a token's rights are those that the API gives
 * it), the run's number is always 1, its schema does not know `artifact-metadata`, and it kills a step at once where GitHub's
 * runner sends SIGINT first. Actions of others cannot be fetched: stand-ins take their inputs.
 */

const TAG = 'v1.2.3';
const LATER = 'v1.2.4';
const READER = 'ghs_reader0123456789abcdefghijklmnopqrstuv';
const ROBOT = { username: 'robot', password: 'the-password-of-the-mirror' };

const STAND_INS: Readonly<Record<string, { inputs: readonly string[]; run: string }>> = {
  attest: {
    inputs: ['subject-path'],
    run: 'while read -r file; do test -s "$file"; echo "attested ${file##*/}"; done <<<"$SUBJECT_PATH"',
  },
  'upload-artifact': {
    inputs: ['name', 'compression-level', 'if-no-files-found', 'path'],
    run: 'for file in $PATHS; do test -s "$file"; echo "kept ${file##*/}"; done',
  },
  'login-action': {
    inputs: ['registry', 'username', 'password'],
    run: 'skopeo login --authfile "$HOME/.docker/config.json" --tls-verify=false -u "$USERNAME" --password-stdin "$REGISTRY" <<<"$PASSWORD"',
  },
};

let temp: TempFolder;
let source: DockerRegistry;
let held: BadRegistry;
let target: DockerRegistry;
let service: ReleaseService;
let cache: CacheServer;
beforeAll(async () => {
  temp = await tempFolder('act');
  source = await startDockerRegistry();
  held = await startBadRegistry();
  target = await startDockerRegistry({ users: { [ROBOT.username]: ROBOT.password } });
  service = await startReleaseService({ tokens: { [WRITER]: 'write', [READER]: 'read' } });
  cache = await startCacheServer();
  await pushImage(source.target, 'acme/web', idx(), '2');
  await pushImage(source.target, 'acme/app', layered('first'), 'latest');
  await makeSite();
});
afterAll(async () => {
  for (const server of [cache, service, target, held, source, temp]) await server.close();
});

/** An image of which a layer stays when its tag moves. */
const layered = (own: string): Image =>
  buildImage({ layers: [filledLayer('base', 3 * 1024 * 1024), filledLayer(own, 2 * 1024 * 1024)] });

const site = (): string => path.join(temp.path, 'site');

function replaced(text: string, from: RegExp | string, to: string): string {
  const result = text.replaceAll(from, to);
  if (result === text) throw new Error(`the example has no ${String(from)}`);
  return result;
}

/** An example as it stands in the repository of the action, with inputs beside its own. */
async function example(name: string, ...inputs: readonly string[]): Promise<string> {
  const text = await readFile(`examples/${name}.yml`, 'utf8');
  const more = ['insecure-registries: ${{ vars.PLAIN }}', ...inputs].map((line) => `\n$1${line}`).join('');
  const own = replaced(text, 'uses: org/oci-save-action@v1', 'uses: ./');
  return replaced(own, /^( +)platforms: .*$/gm, `$&${more}`)
    .replaceAll(/^ +artifact-metadata: .*\n/gm, '')
    .replaceAll('registry.example', target.host)
    .replaceAll(/uses: (?:docker|actions)\/(?!checkout@)([\w-]+)@\w+/g, 'uses: ./stand-ins/$1');
}

function standIn(name: string): string {
  const { inputs = [], run = '' } = STAND_INS[name] ?? {};
  const variable = (input: string): string =>
    input
      .toUpperCase()
      .replace(/^PATH$/, 'PATHS')
      .replaceAll('-', '_');
  const env = inputs.map((input) => [variable(input), `\${{ inputs.${input} }}`]);
  return JSON.stringify({
    name,
    inputs: Object.fromEntries(inputs.map((input) => [input, { required: true }])),
    runs: { using: 'composite', steps: [{ shell: 'bash', env: Object.fromEntries(env), run }] },
  });
}

/** A user's repository: the examples, the lists that they name, and the action. */
async function makeSite(): Promise<void> {
  const release = await example('release');
  const amd64 = '--platform=linux/amd64 ';
  const after = `      - if: always()
        env:
          OUTCOME: \${{ steps.bundle.outputs.outcome }}
          FAILED: \${{ steps.bundle.outputs.failed }}
        run: echo "after it $OUTCOME, $FAILED"
`;
  const files: Record<string, string> = {
    'tagged/release.yml': release,
    'tagged/matrix.yml': await example('matrix'),
    'mirror/push.yml': await example('push'),
    'built/local-build.yml': replaced(
      await example('local-build'),
      'image-list: images.txt',
      'image-list: built.txt',
    ),
    'built.txt': `docker-daemon:app:1 => registry.example/shop/app:1\n${source.host}/acme/web:2\n`,
    Dockerfile: 'FROM scratch\nCOPY built.txt /\n',
    'ends/cancelled.yml':
      replaced(release, 'release images', 'cancelled').replace('images.txt', 'held.txt') + after,
    'ends/denied.yml':
      replaced(await example('release', 'token: ${{ secrets.READER }}'), 'release images', 'denied') + after,
    'images.txt': `${source.host}/acme/web:2\n${amd64}${source.host}/acme/app:latest\n`,
    'held.txt': `${amd64}${source.host}/acme/app:latest\n${amd64}${held.host}/held:1\n`,
    'lists/base.txt': `${source.host}/acme/web:2\n`,
    'lists/monitoring.txt': `${source.host}/acme/web:2\n${amd64}${source.host}/acme/app:latest\n`,
    'tag.json': JSON.stringify({ ref: `refs/tags/${TAG}` }),
    'later.json': JSON.stringify({ ref: `refs/tags/${LATER}` }),
  };
  for (const name of Object.keys(STAND_INS)) files[`stand-ins/${name}/action.yml`] = standIn(name);
  for (const [name, content] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(site(), name)), { recursive: true });
    await writeFile(path.join(site(), name), content);
  }
  await cp('action.yml', path.join(site(), 'action.yml'));
  await cp('dist', path.join(site(), 'dist'), { recursive: true, filter: (file) => !file.includes('types') });
  const git = (...args: readonly string[]): Promise<string> => outputOf('git', args, { cwd: site() });
  await git('init', '--quiet', '--initial-branch', 'main');
  await git('remote', 'add', 'origin', 'https://github.com/org/site.git');
  await git('add', '.');
  await git('-c', 'user.name=robot', '-c', 'user.email=robot@example', 'commit', '--quiet', '-m', 'All');
}

/** The workflows of a folder. Each job gets a workspace of its own, so that nothing but the cache goes from one to another. */
function workflows(folder: string, { env = {}, args }: Pick<ActOptions, 'args' | 'env'>): ActOptions {
  const plain = [source.host, held.host, target.host].join();
  return {
    cwd: site(),
    home: temp.path,
    vars: { PLAIN: plain, REGISTRY_USER: ROBOT.username },
    secrets: { GITHUB_TOKEN: WRITER, READER, REGISTRY_PASSWORD: ROBOT.password },
    env: { GITHUB_API_URL: service.url, ...env },
    args: [...args, '--workflows', folder],
  };
}
const tagged = ['push', '--eventpath', 'tag.json'];

/** All jobs succeeded; else what they printed is shown. */
function expectSuccess(log: string, ...jobs: readonly string[]): void {
  const ends = endsOf(log);
  const wanted = jobs.map((job) => `${job}: succeeded`);
  expect([ends, ends.join() === wanted.join() ? '' : log]).toEqual([wanted, '']);
}

/** Nothing that is secret is in a log, not even in what act does not mask. */
function expectNoSecrets(log: string): void {
  for (const secret of [WRITER, READER, ROBOT.password]) expect(log).not.toContain(secret);
}

/** The lock of an archive that the release has whole, by its sums. */
function releasedLock(base: string, of = TAG): ReturnType<typeof parseLock> {
  const release = service.releases.find(({ tag }) => tag === of);
  const assets = new Map(release?.assets.map((asset) => [asset.name, asset]));
  expect(assets.get(`${base}.sha256`)?.bytes?.toString()).toContain(
    `${assets.get(`${base}.tar`)?.sha256}  ${base}.tar\n`,
  );
  return parseLock(assets.get(`${base}.lock.json`)?.bytes ?? Buffer.alloc(0), base);
}

describe('examples/release.yml under act', () => {
  it('found K8, K9: leaves no half release where its token may not write, and where it is cancelled', async () => {
    const image = one({ seed: 'held', layerBytes: 2 * 1024 * 1024 });
    held.put('held', image, '1');
    const reference = largestBlobOf(image);
    held.misbehave({ faults: [{ path: new RegExp(reference), failure: { kind: 'stall', at: 0.5 } }] });
    const run = startAct(workflows('ends', { args: [...tagged, '--no-cache-server'] }));
    try {
      await run.line(/^\[denied\/.*Job failed/, 120);
      await held.request({ kind: 'blob', reference }, 'arrival');
      const steps = childrenOf(run.pid).filter(({ pid }) =>
        readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('dist/index.js'),
      );
      expect(steps).toHaveLength(1);
      // As GitHub's runner does when somebody cancels the run.
      for (const { pid } of steps) process.kill(pid, 'SIGINT');
      await run.line(/^\[cancelled\/.*Job failed/, 120);
    } finally {
      await run.close();
    }
    const log = run.lines.join('\n');
    const denied = logOf('denied', log);
    expect(denied).toMatch(/after it failed, .*"class":"denied"/);
    expect(denied).not.toContain('::group::Copying');
    const cancelled = logOf('cancelled', log);
    expect(cancelled).toContain('after it cancelled, []');
    expect(cancelled).toMatch(
      /::error::stopped; what was fetched stays in the store, and no incomplete bundle is left/,
    );
    for (const output of ['archive', 'lock', 'path', 'release-url', 'sha256'])
      expect(cancelled).toMatch(new RegExp(`::set-output:: ${output}=$`, 'm'));
    expect(log).not.toMatch(/attested|kept/);
    expect(service.releases).toEqual([]);
    expectNoSecrets(log);
  });

  it('and examples/matrix.yml beside it make one release of three whole archives, with a cache of the older protocol', async () => {
    const { stdout } = await runAct(
      workflows('tagged', {
        args: [
          ...tagged,
          '--cache-server-addr',
          '127.0.0.1',
          '--cache-server-path',
          path.join(temp.path, 'act-cache'),
        ],
      }),
    );
    expectSuccess(
      stdout,
      'release images/release',
      'release lists/save base-1',
      'release lists/save monitoring-2',
    );
    expect(service.releases.map(({ tag, draft, body }) => [tag, draft, body])).toEqual([
      [TAG, false, expect.not.stringContaining('<!--')],
    ]);
    const names = ['acme/app:latest', 'acme/web:2'].map((name) => `${source.host}/${name}`);
    const refs = (base: string): string[] => releasedLock(base).images.map(({ ref }) => ref);
    expect(refs('oci-bundle-v1.2.3')).toEqual(names);
    expect(refs('base')).toEqual(names.slice(1));
    expect(refs('monitoring')).toEqual(names);
    expect(service.releases[0]?.assets).toHaveLength(15);
    const log = logOf('release images', stdout);
    for (const words of [
      'attested oci-bundle-v1.2.3.tar',
      ...['tar', 'sha256', 'lock.json'].map((ending) => `kept oci-bundle-v1.2.3.${ending}`),
      'kept oci-bundle.report.json',
    ])
      expect(log).toContain(words);
    // The last job publishes, whichever that is; until then the page of the draft has another address.
    expect(log).toContain(`| ${service.url}/org/site/releases/tag/`);
    expect(stdout).toContain(`::set-output:: release-url=${service.url}/org/site/releases/tag/${TAG}`);
    expect(log).toContain('::set-output:: outcome=saved');
    expect(stdout).toMatch(/saved to the cache: pack [0-9a-f]{12}/);
    expectNoSecrets(stdout);
    expect(service.violations).toEqual([]);
  });
});

describe('examples/local-build.yml under act', () => {
  it('S3: saves what the job built, and an image of a registry as it is there', async () => {
    await using dockerd = await startDockerd();
    const args = ['push', '--eventpath', 'later.json', '--no-cache-server'];
    const { stdout } = await runAct(workflows('built', { args, env: dockerd.env }));
    expectSuccess(stdout, 'build and save/build');
    const images = releasedLock(`oci-bundle-${LATER}`, LATER).images;
    const id = (await dockerd.images()).find(({ name }) => name === 'app:1')?.id;
    expect(images.map(({ names, source: from, imageId }) => [names.join(), from, imageId])).toEqual([
      [`${source.host}/acme/web:2`, 'docker', undefined],
      ['registry.example/shop/app:1', 'docker-daemon', id],
    ]);
    expectNoSecrets(stdout);
  });
});

describe('examples/push.yml under act', () => {
  it('mirrors night by night: a fresh runner fetches what changed, and the cache has the rest', async () => {
    const night = async (): Promise<string> => {
      const { stdout } = await runAct(
        workflows('mirror', { args: ['schedule', '--no-cache-server'], env: cache.env('v2') }),
      );
      expectSuccess(stdout, 'mirror/mirror');
      expectNoSecrets(stdout);
      return stdout;
    };
    const topOf = async (name: string, tag: string): Promise<string | undefined> => {
      const path = `/v2/mirror/${source.host.replace(':', '_')}/${name}/manifests/${tag}`;
      const { status, headers } = await call(`${target.url}${path}`, {
        method: 'HEAD',
        headers: { authorization: basic(ROBOT), accept: ACCEPTED_MANIFESTS.join() },
      });
      return status === 200 ? String(headers['docker-content-digest']) : undefined;
    };
    await night();
    expect(await topOf('acme/app', 'latest')).toBe(layered('first').top);
    // This registry takes no index that lacks platforms: a narrowed one stands in for it.
    expect(await topOf('acme/web', '2')).toMatch(/^sha256:/);
    const moved = layered('second');
    await pushImage(source.target, 'acme/app', moved, 'latest');
    await source.clear();
    const log = await night();
    expect(await topOf('acme/app', 'latest')).toBe(moved.top);
    const fetched = await source.requests({ method: 'GET', kind: 'blob' });
    // Its new layer, and its config, which skopeo reads as well.
    expect(new Set(fetched.map(({ path: name }) => name)).size).toBe(2);
    expect(fetched.every(({ path: name }) => name.startsWith('/v2/acme/app/'))).toBe(true);
    expect(log).toMatch(/unchanged \S+\/acme\/web:2  already there/);
    expect(log).toMatch(/::set-output:: cached-bytes=[1-9]/);
    expect(log).toContain('::set-output:: outcome=saved');
    expect([cache.packs().length, cache.catalogues().length]).toEqual([2, 2]);
  });
});
