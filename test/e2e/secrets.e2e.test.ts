import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BadRegistry, startBadRegistry } from '../support/bad-registry.ts';
import { childrenOf } from '../support/children.ts';
import { until } from '../support/deadline.ts';
import { one } from '../support/fixtures/index.ts';
import { basic } from '../support/http.ts';
import { largestBlobOf } from '../support/image.ts';
import { expectExit } from '../support/expect-exit.ts';
import { type Workplace, workplace } from '../support/oci-save.ts';
import type { ProgramResult } from '../support/program.ts';
import { pushImage } from '../support/push.ts';
import { startRunner } from '../support/runner.ts';
import {
  type DockerRegistry,
  type Proxy,
  startDockerRegistry,
  startProxy,
} from '../support/servers/index.ts';
import { toolsSearchPath } from '../support/tools.ts';
import { checkBundle, isThere, namesIn } from '../support/whole-bundle.ts';

const USER = { username: 'puller', password: 'Tr0ub4dor & "three" colons:::' };
const BASE64 = basic(USER).slice('Basic '.length);
/** What else a user's environment may hold. A proxy is needed by those that send requests, and comes to skopeo as it is. */
const PROXY_PASSWORD = 'pr0xy-canary-5f1c';
const ELSEWHERE = {
  GITHUB_TOKEN: 'ghp_ReleaseCanary0123456789abcdefghij',
  HTTPS_PROXY: `http://user:${PROXY_PASSWORD}@127.0.0.1:9`,
};
const SECRETS = [
  USER.password,
  JSON.stringify(USER.password).slice(1, -1),
  BASE64,
  BASE64.replace(/=+$/, ''),
  ELSEWHERE.GITHUB_TOKEN,
];
const ALL_SECRETS = [...SECRETS, PROXY_PASSWORD];
const image = one({ seed: 'secret', layerBytes: 1300 * 1024 });

/** A registry that asks for a password, one that asks for tokens, both behind lines that are slow enough to look. */
let passwords: DockerRegistry;
let tokens: BadRegistry;
let slowly: Proxy;
beforeAll(async () => {
  passwords = await startDockerRegistry({ users: { [USER.username]: USER.password } });
  await pushImage(passwords.target, 'secret/image', image, '1');
  slowly = await startProxy(passwords.host, { bytesPerSecond: 3 * 1024 * 1024 });
  const auth = { scheme: 'bearer', users: [USER] } as const;
  const rate = { kind: 'rate', bytesPerSecond: 3 * 1024 * 1024 } as const;
  const faults = [{ path: new RegExp(largestBlobOf(image)), failure: rate }];
  tokens = await startBadRegistry({ images: { 'secret/image:1': image }, auth, faults });
});
afterAll(async () => {
  await Promise.all([slowly.close(), tokens.close()]);
  await passwords.close();
});

interface Seen {
  skopeo: number;
  readonly authFiles: Set<string>;
  readonly leaks: Set<string>;
}

function readNow(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    // It ended while we looked.
    return '';
  }
}

/** Looks at every process of the machine, and for auth files below a folder, until the run there has ended. */
async function lookUntil(done: () => boolean, folder: string): Promise<Seen> {
  const seen: Seen = { skopeo: 0, authFiles: new Set(), leaks: new Set() };
  while (!done()) {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      const command = readNow(`/proc/${pid}/cmdline`);
      for (const secret of ALL_SECRETS) if (command.includes(secret)) seen.leaks.add(command);
      // The command and the action themselves have what their user gave them.
      if (/\b(?:cli|index)\.js\b/.test(command) || !folderOf(pid).startsWith(folder)) continue;
      if (/(?:^|\/)skopeo\0/.test(command) && command.includes('\0copy\0')) seen.skopeo += 1;
      const environment = readNow(`/proc/${pid}/environ`);
      for (const secret of SECRETS)
        if (environment.includes(secret)) seen.leaks.add(`environment of ${command}`);
    }
    for (const file of authFilesIn(folder)) seen.authFiles.add(file);
    await setImmediate();
  }
  return seen;
}

/** The folder in which a process works; other tests have skopeo running, too. */
function folderOf(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return '';
  }
}

/** Those with something in them: nothing is written to one before it has lost its name. */
function authFilesIn(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    const files = entries.filter((name) => name.endsWith('auth.json')).map((name) => path.join(folder, name));
    return files.filter((file) => readNow(file) !== '');
  } catch {
    return [];
  }
}

/** No file that the run made, and nothing that it printed, holds a secret. @returns the files' names */
async function expectNoLeak(
  { stdout, stderr }: Pick<ProgramResult, 'stdout' | 'stderr'>,
  place: Pick<Workplace, 'folder'>,
): Promise<string[]> {
  const files = (await readdir(place.folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
  const texts = await Promise.all(files.map((file) => readFile(file, 'latin1')));
  for (const text of [stdout, stderr, ...texts]) {
    for (const secret of ALL_SECRETS) expect(text.includes(secret)).toBe(false);
    expect(text).not.toMatch(/Bearer [\w-]{30}/);
  }
  return files.map((file) => path.basename(file));
}

interface Given {
  readonly env: Record<string, string>;
  readonly args?: readonly string[];
}

const inline = (host: string): string => JSON.stringify({ auths: { [host]: { auth: BASE64 } } });
const helper = (): string => `#!/bin/sh
read -r server
printf '%s' '${JSON.stringify({ Username: USER.username, Secret: USER.password })}'
`;

// Each copier with each source: test/commands/save/credentials.itg.test.ts.
describe('credentials', () => {
  it.each<[string, () => string, (place: Workplace, host: string) => Promise<Given>]>([
    [
      "docker's config, as a password",
      (): string => slowly.host,
      async (place, host) => {
        await mkdir(place.file('home/.docker'), { recursive: true });
        await writeFile(place.file('home/.docker/config.json'), inline(host));
        return { env: {} };
      },
    ],
    [
      'REGISTRY_AUTH_FILE, for a token',
      (): string => tokens.host,
      async (place, host) => {
        await writeFile(place.file('given-auth.json'), inline(host));
        return { env: { REGISTRY_AUTH_FILE: place.file('given-auth.json') } };
      },
    ],
    [
      'a credential helper, as a password',
      (): string => slowly.host,
      async (place, host) => {
        await mkdir(place.file('bin'));
        await writeFile(place.file('bin/docker-credential-fixture'), helper());
        await chmod(place.file('bin/docker-credential-fixture'), 0o755);
        await mkdir(place.file('home/.docker'), { recursive: true });
        const config = JSON.stringify({ credHelpers: { [host]: 'fixture' } });
        await writeFile(place.file('home/.docker/config.json'), config);
        return { env: { PATH: `${place.file('bin')}:${toolsSearchPath()}` } };
      },
    ],
    [
      'the file of --credentials, for a token',
      (): string => tokens.host,
      async (place, host) => {
        await writeFile(place.file('logins.json'), JSON.stringify([{ registry: `${host}/secret`, ...USER }]));
        return { env: {}, args: ['--credentials', place.file('logins.json')] };
      },
    ],
  ])('T7: from %s are used, and seen nowhere', async (_, hostOf, prepare) => {
    const host = hostOf();
    await using prepared = await workplace();
    const { env, args: more = [] } = await prepare(prepared, host);
    await using place = await workplace({ ...prepared.env, ...ELSEWHERE, ...env });
    const store = place.file('store');
    const args = ['save', '-p', 'linux/amd64', '--insecure-registries', host, '--cache-dir', store, ...more];
    const state = { ended: false };
    const running = place
      .run(...args, '--archive', 'tar', '--verbose', '--json', `${host}/secret/image:1`)
      .finally(() => (state.ended = true));
    const seen = await lookUntil(() => state.ended, place.folder);
    const result = await running;
    expectExit(result, 0);
    expect([...seen.leaks]).toEqual([]);
    expect(seen.skopeo).toBeGreaterThan(0);
    expect([...seen.authFiles]).toEqual([]);
    expect(await namesIn(path.join(store, 'runs'))).toEqual([]);
    expect(await checkBundle(place.file('oci-bundle'))).toHaveLength(1);
    expect(await expectNoLeak(result, place)).toContain('oci-bundle.report.json');
  });
});

it('T7: credentials from the input of the action are used, and seen in no other process', async () => {
  await using runner = await startRunner({ GITHUB_TOKEN: ELSEWHERE.GITHUB_TOKEN });
  const inputs = {
    images: `${slowly.host}/secret/image:1`,
    platforms: 'linux/amd64',
    'insecure-registries': slowly.host,
    credentials: `${slowly.host}/secret ${USER.username} ${USER.password}`,
    cache: 'off',
  };
  const state = { ended: false };
  const running = runner.step(inputs).finally(() => (state.ended = true));
  const seen = await lookUntil(() => state.ended, runner.folder);
  const { exitCode, log, outputs } = await running;
  expect([...seen.leaks]).toEqual([]);
  expect(seen.skopeo).toBeGreaterThan(0);
  expect([...seen.authFiles]).toEqual([]);
  expect([exitCode, outputs['outcome']]).toEqual([0, 'saved']);
  await expectNoLeak({ stdout: log, stderr: JSON.stringify(outputs) }, runner);
});

describe('a registry that repeats the credentials in its response', () => {
  // Our client reads the manifest by its tag and then fails at the layer; skopeo reads it by its digest.
  it.each([
    ['direct', new RegExp(largestBlobOf(image)), 1],
    ['skopeo', new RegExp(`/manifests/${image.top}`), 0],
  ])('is quoted without the secret, by the copier %s', async (copier, fault, code) => {
    await using prepared = await workplace();
    await using echo = await startBadRegistry({ images: { 'secret/image:1': image } });
    await writeFile(prepared.file('auth.json'), inline(echo.host));
    await using place = await workplace({ REGISTRY_AUTH_FILE: prepared.file('auth.json') });
    const message = `you are ${USER.username}:${USER.password}, you sent Basic ${BASE64}, go away`;
    const body = JSON.stringify({ errors: [{ code: 'DENIED', message }] });
    const headers = { 'content-type': 'application/json' };
    const failure = { kind: 'status', status: 403, headers, body } as const;
    const auth = { scheme: 'basic', users: [USER] } as const;
    echo.misbehave({ auth, faults: [{ path: fault, failure }] });
    const args = ['-p', 'linux/amd64', '--insecure-registries', echo.host, '--copier', copier, '--verbose'];
    const result = await place.run('save', ...args, `${echo.host}/secret/image:1`);
    expectExit(result, code);
    expect(result.stderr).toMatch(/denied: .*go away/);
    expect(await expectNoLeak(result, place)).toContain('oci-bundle.report.json');
  });
});

describe('found B9: a run that is killed while skopeo copies', () => {
  it('leaves no file with a secret, also while the skopeo that it started lives on', async () => {
    await using prepared = await workplace();
    const gate = Promise.withResolvers<void>();
    const layer = largestBlobOf(image);
    await using stalled = await startBadRegistry({
      images: { 'secret/image:1': image },
      auth: { scheme: 'bearer', users: [USER] },
      faults: [{ path: new RegExp(layer), failure: { kind: 'stall', at: 0.5, until: gate.promise } }],
    });
    await writeFile(prepared.file('auth.json'), inline(stalled.host));
    await using place = await workplace({
      ...ELSEWHERE,
      TMPDIR: prepared.file('tmp'),
      REGISTRY_AUTH_FILE: prepared.file('auth.json'),
    });
    const args = ['-p', 'linux/amd64', '--insecure-registries', stalled.host, '--archive', 'tar'];
    const running = place.start('save', ...args, `${stalled.host}/secret/image:1`);
    await stalled.request({ kind: 'blob', reference: layer }, 'arrival');
    const [skopeo] = childrenOf(running.pid).filter(({ name }) => name === 'skopeo');
    try {
      running.kill('SIGKILL');
      await once(running, 'exit');
      expect(readNow(`/proc/${skopeo?.pid}/cmdline`)).toContain('copy');
      expect(await expectNoLeak({ stdout: '', stderr: '' }, place)).toContain('own.conf');
      expect(await isThere(prepared.file('tmp'))).toBe(false);
    } finally {
      gate.resolve();
      await until('the end of the skopeo that was left alone', () =>
        readNow(`/proc/${skopeo?.pid}/cmdline`) === '' ? true : undefined,
      );
    }
  });
});

describe('an auth file that cannot be read', () => {
  it.each([
    ['no JSON', `{"auths": {"x": {"auth": "${BASE64}"`],
    ['no base64', JSON.stringify({ auths: { x: { auth: USER.password } } })],
    ['another form', JSON.stringify({ auths: { x: { auth: [USER.password, BASE64] } } })],
  ])('because it is %s is named and not quoted', async (_, content) => {
    await using place = await workplace({ REGISTRY_AUTH_FILE: 'auth.json' });
    await writeFile(place.file('auth.json'), content);
    const { exitCode, stdout, stderr } = await place.run('save', '--verbose', 'registry.example/x:1');
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('the auth file auth.json')]);
    for (const secret of SECRETS) expect((stdout + stderr).includes(secret)).toBe(false);
  });
});
