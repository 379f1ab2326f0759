import { chmod, chown, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Credentials,
  type CredentialStoreOptions,
  openCredentialStore,
  telling,
} from '../../../src/registry/index.ts';
import { tempFolder, type TempFolder } from '../../support/temp.ts';
import { failureOf } from '../support.ts';

let folder: TempFolder;
const at = (...parts: string[]): string => join(folder.path, ...parts);

beforeEach(async () => {
  folder = await tempFolder('auth');
});
afterEach(() => folder.close());

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const userOf = (credentials: Credentials | undefined): string | undefined =>
  credentials && 'username' in credentials ? credentials.username : credentials?.identityToken;

async function file(path: string, content: unknown): Promise<string> {
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const auths = (user: string, key = 'r.example'): object => ({
  auths: { [key]: { auth: base64(`${user}:p`) } },
});

/** A helper on PATH that runs `script`; its calls stand in `calls`. */
async function helper(name: string, script: string): Promise<string> {
  const path = at('bin', `docker-credential-${name}`);
  await file(path, `#!/bin/sh\nserver=$(/bin/cat)\necho "$1 $server" >> '${at('calls')}'\n${script}\n`);
  await chmod(path, 0o755);
  return at('bin');
}

const calls = async (): Promise<string> => readFile(at('calls'), 'utf8');

// No real user has this number: the machine's own runtime folder stays out.
const open = (options: Partial<CredentialStoreOptions>) =>
  openCredentialStore({ env: {}, userId: 4_000_000_000, ...options });

const repository = { domain: 'r.example', path: 'team/app' };

describe('the search', () => {
  it('takes the first file that has an answer', async () => {
    const env = { HOME: at('home'), XDG_RUNTIME_DIR: at('run') };
    const find = async (): Promise<string | undefined> =>
      userOf(await (await open({ env, userId: process.getuid?.() })).find(repository));
    expect(await find()).toBeUndefined();
    await file(at('home', '.dockercfg'), { 'r.example': { auth: base64('fourth:p') } });
    expect(await find()).toBe('fourth');
    await file(at('home', '.docker', 'config.json'), auths('third'));
    expect(await find()).toBe('third');
    await file(at('home', '.config', 'containers', 'auth.json'), auths('second'));
    expect(await find()).toBe('second');
    await file(at('run', 'containers', 'auth.json'), auths('another', 'other.example'));
    expect(await find()).toBe('second');
    await file(at('run', 'containers', 'auth.json'), auths('first'));
    expect(await find()).toBe('first');
    await file(at('named.json'), auths('named', 'other.example'));
    const named = await open({ env: { ...env, REGISTRY_AUTH_FILE: at('named.json') } });
    expect(await named.find(repository)).toBeUndefined();
    expect(userOf(await named.find({ ...repository, domain: 'other.example' }))).toBe('named');
  });

  it('case E4, T1: finds a login to Docker Hub for names of docker.io', async () => {
    const path = await file(at('config.json'), auths('hub', 'https://index.docker.io/v1/'));
    const store = await open({ authFile: path });
    expect(userOf(await store.find({ domain: 'docker.io', path: 'library/busybox' }))).toBe('hub');
  });

  it('case E3: tells which files it read, and once which file and key it chose, and no secret', async () => {
    const path = await file(at('config.json'), { auths: { 'r.example': { auth: base64('user:SECRET') } } });
    const messages: string[] = [];
    const onRead = (message: string): void => void messages.push(message);
    const store = telling(await open({ authFile: path, onRead }), onRead);
    const found = await store.find(repository);
    await store.find(repository);
    await store.find({ ...repository, domain: 'other.example' });
    expect(messages).toEqual([
      `auth files: ${path}`,
      `credentials for r.example: auths 'r.example' in ${path}`,
      'credentials for other.example: none',
    ]);
    expect(found?.from).toEqual({ words: `auths 'r.example' in ${path}` });
    const home = await open({ env: { HOME: '/nowhere', XDG_RUNTIME_DIR: '/run-of-nobody' }, onRead });
    await home.find(repository);
    expect(messages.at(-1)).toBe(
      'auth files: none; looked for /run-of-nobody/containers/auth.json, /nowhere/.config/containers/auth.json, ' +
        '/nowhere/.docker/config.json, /nowhere/.dockercfg',
    );
  });

  it('misses no file but the one that the option names', async () => {
    expect(await (await open({ env: { REGISTRY_AUTH_FILE: at('none') } })).find(repository)).toBeUndefined();
    const error = await failureOf(open({ authFile: at('none') }));
    expect(error.code).toBe('usage');
    expect(error.message).toContain(at('none'));
  });

  describe('found H4: passes over, with a warning,', () => {
    const ME = 4_000_000_000;
    const search = async (env: Record<string, string>): Promise<[user: string | undefined, string[]]> => {
      const warnings: string[] = [];
      const onWarning = (message: string): void => void warnings.push(message);
      const store = await open({ env: { HOME: at('home'), ...env }, userId: ME, onWarning });
      return [userOf(await store.find(repository)), warnings.toSorted()];
    };
    const passedOver = (place: string, why: string): string =>
      `the auth file ${place} ${why}: passed over; set REGISTRY_AUTH_FILE where its logins are needed`;

    beforeEach(() => file(at('home', '.docker', 'config.json'), auths('mine')));

    it('a file of another user in a runtime folder, which an environment keeps after su', async () => {
      const theirs = await file(at('run', 'containers', 'auth.json'), auths('theirs'));
      await chown(theirs, 1234, 1234);
      const belongs = passedOver(theirs, 'belongs to another user (1234)');
      expect(await search({ XDG_RUNTIME_DIR: at('run') })).toEqual(['mine', [belongs]]);
      await rm(theirs);
      const elsewhere = await file(at('theirs.json'), auths('theirs'));
      await chown(elsewhere, 1234, 1234);
      await symlink(elsewhere, theirs);
      expect(await search({ XDG_RUNTIME_DIR: at('run') })).toEqual(['mine', [belongs]]);
      for (const user of [ME, 0]) {
        await chown(elsewhere, user, user);
        expect(await search({ XDG_RUNTIME_DIR: at('run') })).toEqual(['theirs', []]);
      }
    });

    it('any that cannot be read, but none that was named', async () => {
      const path = at('run', 'containers', 'auth.json');
      await mkdir(path, { recursive: true });
      await mkdir(at('home', '.config', 'containers'), { recursive: true });
      const loop = at('home', '.config', 'containers', 'auth.json');
      await symlink('auth.json', loop);
      expect(await search({ XDG_RUNTIME_DIR: at('run') })).toEqual([
        'mine',
        [
          passedOver(loop, 'cannot be read (ELOOP)'),
          passedOver(path, 'cannot be read (it is a folder, not a file)'),
        ],
      ]);
      const named = await failureOf(open({ env: { HOME: at('home'), REGISTRY_AUTH_FILE: loop } }));
      expect([named.code, named.message]).toEqual(['usage', `the auth file ${loop} cannot be read (ELOOP)`]);
    });

    it('none where DOCKER_CONFIG names a folder of another user', async () => {
      const theirs = await file(at('shared', 'config.json'), auths('shared'));
      await chown(theirs, 1234, 1234);
      expect(await search({ DOCKER_CONFIG: at('shared') })).toEqual(['shared', []]);
    });
  });

  it('reads no file over a megabyte, and no folder', async () => {
    const large = await file(at('large.json'), ' '.repeat(1024 * 1024 + 1));
    expect((await failureOf(open({ authFile: large }))).message).toContain('1 MiB');
    expect((await failureOf(open({ authFile: folder.path }))).message).toContain(
      'it is a folder, not a file',
    );
    expect(await (await open({ authFile: '/dev/null' })).find(repository)).toBeUndefined();
  });

  it('fails for a file that is broken, naming it alone', async () => {
    const path = await file(at('config.json'), '{"auths": SECRET');
    const error = await failureOf(open({ authFile: path }));
    expect(error.code).toBe('usage');
    expect(error.message).toContain(path);
    expect(error.message).not.toContain('SECRET');
  });

  it('works with nothing in the environment', async () => {
    expect(await (await open({ env: {} })).find(repository)).toBeUndefined();
  });
});

describe('case E1, T1: a credential helper', () => {
  const answer = (user: string, secret = 'p'): string =>
    `printf '{"ServerURL":"x","Username":"%s","Secret":"%s"}' '${user}' '${secret}'`;

  it('is asked for an empty entry, by the key that stands in the file', async () => {
    const PATH = await helper('demo', answer('helped'));
    const path = await file(at('config.json'), {
      credsStore: 'demo',
      auths: { 'https://r.example/v2/': {} },
    });
    const store = await open({ authFile: path, env: { PATH, HOME: at('home') } });
    expect(await store.find(repository)).toEqual({
      username: 'helped',
      password: 'p',
      from: { words: `credsStore (docker-credential-demo) for 'https://r.example/v2/' in ${path}` },
    });
    expect(await calls()).toBe('get https://r.example/v2/\n');
  });

  it.each([
    ['r.example', 'r.example'],
    ['docker.io', 'https://index.docker.io/v1/'],
  ])('is asked without an entry as well: %s', async (domain, server) => {
    const PATH = await helper('demo', answer('helped'));
    const path = await file(at('config.json'), { credsStore: 'demo' });
    const store = await open({ authFile: path, env: { PATH } });
    expect(userOf(await store.find({ domain, path: 'a/b' }))).toBe('helped');
    expect(await calls()).toBe(`get ${server}\n`);
  });

  it('comes in the order credHelpers, auths, credsStore', async () => {
    const PATH = await helper('host', answer('host'));
    await helper('store', answer('store'));
    const content = {
      credHelpers: { 'r.example': 'host' },
      credsStore: 'store',
      auths: { 'r.example': { auth: base64('entry:p') } },
    };
    const find = async (value: object): Promise<string | undefined> => {
      const path = await file(at('config.json'), value);
      return userOf(await (await open({ authFile: path, env: { PATH } })).find(repository));
    };
    expect(await find(content)).toBe('host');
    expect(await find({ ...content, credHelpers: {} })).toBe('entry');
    expect(await find({ ...content, credHelpers: {}, auths: { 'r.example': {} } })).toBe('store');
    expect(await find({ ...content, credHelpers: { 'r.example': '' }, auths: {} })).toBeUndefined();
  });

  it('that knows no login leaves the others a say', async () => {
    const PATH = await helper('demo', 'echo "credentials not found in native keychain"; exit 1');
    const env = { PATH, HOME: at('home'), XDG_RUNTIME_DIR: at('run') };
    await file(at('run', 'containers', 'auth.json'), { credHelpers: { 'r.example': 'demo' } });
    const store = await open({ env });
    expect(await store.find(repository)).toBeUndefined();
    await file(at('home', '.docker', 'config.json'), auths('docker'));
    expect(userOf(await (await open({ env })).find(repository))).toBe('docker');
  });

  it('gives identity tokens, and passwords of any shape', async () => {
    const PATH = await helper('demo', answer('<token>', 'identity'));
    const path = await file(at('config.json'), { credsStore: 'demo' });
    expect(await (await open({ authFile: path, env: { PATH } })).find(repository)).toMatchObject({
      identityToken: 'identity',
    });
    const key = JSON.stringify(
      { type: 'service_account', private_key: '-----BEGIN KEY-----\na b\n' },
      null,
      2,
    );
    const secret = JSON.stringify({ Username: '_json_key', Secret: key });
    await helper('demo', `/bin/cat <<'END'\n${secret}\nEND`);
    const again = await open({ authFile: path, env: { PATH } });
    expect(await again.find(repository)).toMatchObject({ username: '_json_key', password: key });
  });

  it('gets what it needs of the environment, and nothing else', async () => {
    const PATH = await helper('demo', `/usr/bin/env > '${at('env')}'; ${answer('u')}`);
    const path = await file(at('config.json'), { credsStore: 'demo' });
    const env = { PATH, HOME: at('home'), AWS_PROFILE: 'x', INPUT_TOKEN: 'SECRET', GITHUB_TOKEN: 'SECRET' };
    await (await open({ authFile: path, env })).find(repository);
    const seen = await readFile(at('env'), 'utf8');
    expect(seen).toContain(`HOME=${at('home')}`);
    expect(seen).toContain(`PATH=${PATH}`);
    expect(seen).toContain('AWS_PROFILE=x');
    expect(seen).not.toContain('SECRET');
  });

  it('is asked once a server, and again where its answer was refused', async () => {
    const PATH = await helper('demo', answer('u'));
    const path = await file(at('config.json'), { credsStore: 'demo' });
    const store = await open({ authFile: path, env: { PATH } });
    await Promise.all(['a', 'b', 'c'].map((name) => store.find({ ...repository, path: name })));
    await store.find(repository);
    expect((await calls()).split('\n')).toHaveLength(2);
    await Promise.all([store.find(repository, { fresh: true }), store.find(repository, { fresh: true })]);
    expect((await calls()).split('\n')).toHaveLength(3);
  });

  it('that is not on PATH is named', async () => {
    const path = await file(at('config.json'), { credsStore: 'absent' });
    const store = await open({ authFile: path, env: { PATH: at('bin') } });
    const error = await failureOf(store.find(repository));
    expect(error.code).toBe('machine');
    expect(error.message).toContain('docker-credential-absent');
    expect(error.message).toContain(path);
    expect(error.hint).toContain('PATH');
  });

  it('T8: that gives no answer is given up', async () => {
    const PATH = await helper('demo', 'exec /bin/sleep 1000');
    const path = await file(at('config.json'), { credsStore: 'demo' });
    const store = await open({ authFile: path, env: { PATH }, helperMilliseconds: 300 });
    const error = await failureOf(store.find(repository));
    expect([error.code, error.message]).toEqual([
      'local',
      `docker-credential-demo, which the auth file ${path} names for r.example, gave no answer within 0.3 s`,
    ]);
  });

  it.each([
    ['fails', `${answer('u', 'SECRET')}; exit 1`],
    ['says a token and no token', answer('<token>', '')],
    ['says no JSON', 'echo SECRET'],
    ['says other JSON', `echo '["SECRET"]'`],
    [
      'says more than a megabyte',
      'i=0; while [ $i -lt 20000 ]; do echo SECRET-SECRET-SECRET-SECRET-SECRET-SECRET-SECRET-SECRET-SECRET-SECRET; i=$((i+1)); done',
    ],
  ])('that %s is an error without its words', async (_, script) => {
    const PATH = await helper('demo', script);
    const path = await file(at('config.json'), { credsStore: 'demo' });
    const error = await failureOf((await open({ authFile: path, env: { PATH } })).find(repository));
    expect(error.code).toBe('local');
    expect(error.message).toContain('docker-credential-demo');
    expect(error.hint).toContain('echo r.example | docker-credential-demo get');
    expect(JSON.stringify([error.message, error.hint, String(error.cause)])).not.toContain('SECRET');
  });

  it('cannot be a path', async () => {
    const path = await file(at('config.json'), { credsStore: '../../bin/evil' });
    const error = await failureOf((await open({ authFile: path, env: { PATH: '/bin' } })).find(repository));
    expect(error.code).toBe('usage');
  });
});
