import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Lock, parseLock } from '../../src/lock/index.ts';
import { call } from '../support/http.ts';
import { inThisProcess } from '../support/in-this-process.ts';
import { type Workplace, workplace } from '../support/oci-save.ts';
import { answerError, startStub, type Stub } from '../support/registry-stub.ts';
import { type DockerRegistry, startDockerRegistry } from '../support/servers/index.ts';
import { writeSparseBundle } from '../support/sparse-bundle.ts';
import { namesIn } from '../support/whole-bundle.ts';

/** A lock with the part of one image replaced, as a stranger writes it. */
type Forgery = (lock: Lock) => unknown;

const forgedImage =
  (parts: Readonly<Record<string, unknown>>): Forgery =>
  (lock) => ({ ...lock, images: lock.images.map((image) => ({ ...image, ...parts })) });
const named =
  (name: string): Forgery =>
  (lock) =>
    forgedImage({ names: [name] })(lock);

const ESC = String.fromCharCode(27);
const BIDI = String.fromCharCode(0x202e);
/** Names that lead elsewhere, and what else would do harm where it is shown or joined. */
const HOSTILE: readonly (readonly [what: string, field: string, forgery: Forgery])[] = [
  ['dot folders', 'images[0].names[0]', named('docker.io/../../trusted/base:1')],
  ['a path outside /v2/', 'images[0].names[0]', named('docker.io/../../../../api/v1/users?x=:1')],
  ['a query', 'images[0].names[0]', named('docker.io/x?n=1&last=/../..:1')],
  ['a fragment', 'images[0].names[0]', named('docker.io/x#y:1')],
  ['an escape of a URL', 'images[0].names[0]', named('docker.io/%2e%2e/x:1')],
  ['a backslash', 'images[0].names[0]', named(String.raw`docker.io\..\..\x:1`)],
  ['a line end that a URL drops', 'images[0].names[0]', named('docker.io/.\n./.\t./x:1')],
  ['capitals', 'images[0].names[0]', named('docker.io/X:1')],
  ['a name without a tag', 'images[0].names[0]', named('docker.io/library/x')],
  ['a name that a zot hides', 'images[0].names[0]', named('docker.io/x/blobs:1')],
  ['a name that is no text', 'images[0].names[0]', forgedImage({ names: [7] })],
  ['an escape of a terminal', 'images[0].ref', forgedImage({ ref: `registry.example/large:1${ESC}[2J` })],
  ['a second line', 'images[0].ref', forgedImage({ ref: 'registry.example/a:1\nregistry.example/b:1' })],
  ['a turned text', 'images[0].ref', forgedImage({ ref: `registry.example/${BIDI}a:1` })],
  ['another platform', 'images[0].platforms[0]', forgedImage({ platforms: [`linux/amd64:${ESC}[31m`] })],
  ['a media type with a line end', 'images[0].mediaType', forgedImage({ mediaType: 'a/b\r\nx: y' })],
  ['a digest that is a path', 'images[0].root', forgedImage({ root: '../../x' })],
  [
    'a path that leaves the folder',
    'files[0].path',
    (lock) => ({ ...lock, files: [{ path: '../x', digest: lock.images[0]?.digest, size: 1 }] }),
  ],
  ['a blob that nothing tells of', 'images[0].digest', (lock) => ({ ...lock, blobs: {} })],
  ['a field of its own', 'images[0]', forgedImage({ [`x${ESC}[2J`]: 1 })],
];

let work: Workplace;
let stub: Stub;
let registry: DockerRegistry;
let good: Lock;
const LOCK = 'bundle.lock.json';

beforeAll(async () => {
  work = await workplace({ GH_TOKEN: 'a-token', GITHUB_REPOSITORY: 'acme/site' }, inThisProcess);
  registry = await startDockerRegistry();
  // It asks for a password, as a registry does that wants one.
  stub = await startStub((_, response) =>
    answerError(response, 401, 'UNAUTHORIZED', 'who is there', { 'www-authenticate': 'Basic realm="x"' }),
  );
  await writeSparseBundle(work.file('bundle'), 1024);
  good = parseLock(await readFile(work.file(LOCK)), LOCK);
  await mkdir(work.file('home/.docker'), { recursive: true });
  const auths = { [stub.host]: { auth: Buffer.from('alice:secret').toString('base64') } };
  await writeFile(work.file('home/.docker/config.json'), JSON.stringify({ auths }));
});
afterAll(async () => {
  await work.close();
  await stub.close();
  await registry.close();
});

async function forge(forgery: Forgery): Promise<void> {
  await writeFile(work.file(LOCK), JSON.stringify(forgery(good), null, 2));
}

/** Characters that a terminal acts upon, or that turn or hide text. */
const UNPRINTABLE = /[^\n\P{C}]|[\u2028\u2029]/u;

/** How a command ends that is refused by file and field, in printable words of our own, and that shows nothing. */
const REFUSED = { exitCode: 2, stdout: '', named: true, hint: true, printable: true, ownWords: true };

async function run(field: string, ...args: readonly string[]): Promise<typeof REFUSED> {
  const { exitCode, stdout, stderr } = await work.run(...args);
  return {
    exitCode: exitCode ?? -1,
    stdout,
    named: stderr.includes(`${LOCK} is not a valid lock of version 1: ${field} `),
    hint: stderr.includes('hint: '),
    printable: !UNPRINTABLE.test(stderr),
    ownWords: !/invalid input|expected|unrecognized|fault in oci-save/i.test(stderr),
  };
}

describe('found B1: a bundle with an untrusted lock', () => {
  it('cannot be pushed to a repository outside the prefix, on a real registry', async () => {
    await forge(named('docker.io/../../trusted/base:1'));
    const args = ['push', 'bundle', `${registry.host}/m`, '--insecure-registries', registry.host];
    expect(await run('images[0].names[0]', ...args)).toEqual(REFUSED);
    const { body } = await call(new URL('/v2/_catalog', registry.url));
    expect(JSON.parse(body.toString())).toEqual({ repositories: [] });
  });

  it('is pushed where its lock is right', async () => {
    await forge((lock) => lock);
    const target = `${registry.host}/m`;
    await work.succeed('push', 'bundle', target, '--insecure-registries', registry.host);
    const { body } = await call(new URL('/v2/_catalog', registry.url));
    expect(JSON.parse(body.toString())).toEqual({ repositories: ['m/registry.example/large'] });
  });

  // Each of them by one form of each command: all forms read a lock in the same place (lock/parse-lock.test.ts).
  const rows = HOSTILE.map((row, at) => [...row, at] as const);
  describe.each(rows)('an untrusted bundle with %s', (_, field, forgery, at) => {
    beforeEach(() => forge(forgery));

    it.each([at % 2 === 0 ? [] : ['--dry-run']])(
      'is not pushed, and no request is made: %j',
      async (...flags) => {
        const before = stub.connections();
        const target = `${stub.host}/m`;
        const args = ['push', 'bundle', target, '--insecure-registries', stub.host, ...flags];
        expect(await run(field, ...args)).toEqual(REFUSED);
        expect([stub.requests, stub.connections() - before]).toEqual([[], 0]);
      },
    );

    it.each(['table', 'json', 'plain'].slice(at % 3, (at % 3) + 1))(
      'found B7: is not listed as %s',
      async (form) => {
        expect(await run(field, 'list', LOCK, '--as', form)).toEqual(REFUSED);
      },
    );

    it('is not released', async () => {
      expect(await run(field, 'release', 'bundle', 'v1', '--dry-run')).toEqual(REFUSED);
    });

    it('is not taken for an earlier bundle of ours: a save leaves it and makes no request', async () => {
      const before = await namesIn(work.file('bundle'));
      const args = ['save', `${stub.host}/x:1`, '--insecure-registries', stub.host, '-o', 'bundle'];
      const { exitCode, stderr } = await work.run(...args);
      expect(exitCode).toBe(2);
      expect(stderr).toContain('holds something else than a bundle; it is left as it is');
      expect(stub.requests).toEqual([]);
      expect(await namesIn(work.file('bundle'))).toEqual(before);
    });
  });
});

it('found B1: an archive with an untrusted lock is not released', async () => {
  await writeFile(work.file('a.tar'), 'x');
  const forged = forgedImage({ names: ['docker.io/../../trusted/base:1'] })(good);
  await writeFile(work.file('a.lock.json'), JSON.stringify(forged));
  const { exitCode, stdout, stderr } = await work.run('release', 'a.tar', 'v1', '--dry-run');
  expect([exitCode, stdout]).toEqual([2, '']);
  expect(stderr).toContain('a.lock.json is not a valid lock of version 1: images[0].names[0] ');
});

/** Two sources whose paths a YAML list may hold: one would be read as two names, one turns what stands behind it. */
const ODD_PATHS = [
  'images:',
  '  - image: "oci:./a b => evil.example/z:1"',
  '    as: registry.example/x:1',
  '  - image: "oci:./q\\u202Ex\\u2028y:n"',
  '    as: registry.example/y:1',
].join('\n');

describe('found B7: a list whose paths have control characters of terminals', () => {
  beforeEach(() => writeFile(work.file('odd.yaml'), ODD_PATHS));

  it.each(['table', 'json'])('is shown in printable characters as %s', async (form) => {
    const { stdout } = await work.succeed('list', 'odd.yaml', '--as', form);
    expect(stdout).toMatch(form === 'table' ? /q\\u\{202e\}x/ : /q\\u202ex\\u2028y/);
    expect(stdout).not.toMatch(UNPRINTABLE);
  });

  it('is not written as a plain list, which would name another image', async () => {
    const { exitCode, stdout, stderr } = await work.run('list', 'odd.yaml', '--as', 'plain');
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toContain("'oci:./a b => evil.example/z:1' cannot be written to a plain list");
    expect(stderr).toContain('hint: Use --as json');
  });
});
