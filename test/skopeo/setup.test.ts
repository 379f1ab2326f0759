import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OciSaveError } from '../../src/errors.ts';
import { findSkopeo, type Installer, setUpSkopeo, type Skopeo } from '../../src/skopeo/index.ts';
import { parseWantedSkopeo, type WantedSkopeo } from '../../src/options/index.ts';
import { runProgram } from '../support/program.ts';
import { skopeoStub, writePrograms } from '../support/programs.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';

let temp: TempFolder;
beforeEach(async () => void (temp = await tempFolder('setup')));
afterEach(() => temp.close());

interface Machine {
  readonly path?: Readonly<Record<string, string>>;
  readonly brew?: Readonly<Record<string, string>>;
  readonly isRoot?: boolean;
  /** What the one address serves. */
  readonly served?: string;
  /** A program that does not end. */
  readonly stuck?: string;
}

/** What the machine keeps from one run to the next, by its sha256. */
let kept: Map<string, Buffer>;
beforeEach(() => void (kept = new Map()));

/** Commands that were run, with their variables, as a user would type them. */
let commands: string[];

/** Sets skopeo up on a machine that has these programs and no other; scripts may put more into `$BIN`. */
async function setUp(machine: Machine, wanted: WantedSkopeo = { kind: 'auto' }): Promise<Skopeo> {
  const { path: programs = {}, brew = {}, isRoot = true, served, stuck } = machine;
  commands = [];
  const bin = await writePrograms(path.join(temp.path, 'bin'), programs);
  await writePrograms(path.join(temp.path, 'brew/bin'), brew);
  const env = { PATH: bin, HOMEBREW_PREFIX: path.join(temp.path, 'brew') };
  const installer: Installer = {
    isRoot,
    async run(file, args, added) {
      const variables = Object.entries(added).map(([name, value]) => `${name}=${value}`);
      commands.push([...variables, file, ...args].join(' ').replaceAll(`${temp.path}/`, ''));
      if (path.basename(file) === stuck) {
        throw new OciSaveError({ code: 'machine', message: `${stuck} did not end within 900 s` });
      }
      const children = { ...env, ...added, BIN: bin, PATH: `${bin}:/usr/bin:/bin` };
      return (await runProgram(file, args, { env: children })).exitCode ?? undefined;
    },
    async download(_url, file) {
      if (served === undefined) throw new OciSaveError({ code: 'machine', message: 'no such host' });
      await writeFile(file, served);
    },
    async takeKept(sha256, file) {
      const bytes = kept.get(sha256);
      if (bytes !== undefined) await writeFile(file, bytes);
      return bytes !== undefined;
    },
    async keep(sha256, file) {
      expect((await stat(file)).mode & 0o777).toBe(0o755);
      kept.set(sha256, await readFile(file));
    },
  };
  const folder = path.join(temp.path, 'run');
  await mkdir(folder, { recursive: true });
  return setUpSkopeo({ wanted, env, folder, installer });
}

async function failureOf(promise: Promise<unknown>): Promise<OciSaveError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof OciSaveError)) throw new Error(`no OciSaveError: ${String(error)}`);
  return error;
}

/** A package manager that puts a skopeo onto PATH when it is told to install it. */
const brings = (version: string): string =>
  `case "$*" in *install*|*add*) printf '#!/bin/sh\\n${skopeoStub(version)}\\n' > "$BIN/skopeo"; chmod 755 "$BIN/skopeo";; esac`;

const OLD = 'skopeo 1.4.1 (BIN/skopeo) is too old: it cannot preserve digests; 1.6.0 can';
const shown = (error: OciSaveError): string => error.message.replaceAll(path.join(temp.path, 'bin'), 'BIN');

describe('an installed skopeo', () => {
  it('is taken from PATH without running a package manager', async () => {
    const skopeo = await setUp({ path: { skopeo: skopeoStub('1.6.0'), 'apt-get': 'exit 1' } });
    expect(skopeo).toEqual({ file: path.join(temp.path, 'bin/skopeo'), version: '1.6.0' });
    expect(commands).toEqual([]);
  });

  it('is taken from Homebrew, which is not on PATH, where the one on PATH is too old', async () => {
    const skopeo = await setUp({
      path: { skopeo: skopeoStub('1.4.1'), 'apt-get': 'exit 1' },
      brew: { skopeo: skopeoStub('1.20.0') },
    });
    expect(skopeo.version).toBe('1.20.0');
    expect(commands).toEqual([]);
  });

  it('is skipped where it prints something else than its version', async () => {
    const machine = { path: { skopeo: 'echo "I am not skopeo version"', 'apt-get': brings('1.9.3') } };
    expect((await setUp(machine)).version).toBe('1.9.3');
  });

  it('is skipped where it cannot be started', async () => {
    await mkdir(path.join(temp.path, 'bin'), { recursive: true });
    await writeFile(path.join(temp.path, 'bin/skopeo'), '\u007FELF of another machine', { mode: 0o755 });
    expect((await setUp({ brew: { skopeo: skopeoStub('1.13.3') } })).version).toBe('1.13.3');
  });
});

describe('a missing skopeo', () => {
  it.each([
    [
      'apt-get',
      [
        'DEBIAN_FRONTEND=noninteractive bin/apt-get -o Acquire::Retries=3 -o DPkg::Lock::Timeout=120 update',
        'DEBIAN_FRONTEND=noninteractive bin/apt-get -o Acquire::Retries=3 -o DPkg::Lock::Timeout=120 install -y --no-install-recommends skopeo',
      ],
    ],
    ['dnf', ['bin/dnf install -y skopeo']],
    ['apk', ['bin/apk add --no-cache skopeo']],
    ['zypper', ['bin/zypper --non-interactive install skopeo']],
  ])('is installed by %s', async (program, expected) => {
    expect((await setUp({ path: { [program]: brings('1.9.3') } })).version).toBe('1.9.3');
    expect(commands).toEqual(expected);
  });

  it('is installed by sudo, which does not ask for a password, where the user is not root', async () => {
    const sudo = 'while [ "$1" != "$BIN/apt-get" ]; do shift; done; exec "$@"';
    await setUp({ isRoot: false, path: { sudo, 'apt-get': brings('1.9.3') } });
    expect(commands.at(-1)).toMatch(
      /^bin\/sudo -n env DEBIAN_FRONTEND=noninteractive bin\/apt-get .*install -y/,
    );
  });

  it('is installed although one of the sources cannot be updated', async () => {
    const aptGet = `case "$*" in *update*) exit 100;; esac\n${brings('1.9.3')}`;
    expect((await setUp({ path: { 'apt-get': aptGet } })).version).toBe('1.9.3');
  });

  it('is installed by Homebrew where the package manager has none that is new enough', async () => {
    const brew = `printf '#!/bin/sh\\n${skopeoStub('1.20.0')}\\n' > "$HOMEBREW_PREFIX/bin/skopeo"; chmod 755 "$HOMEBREW_PREFIX/bin/skopeo"`;
    const skopeo = await setUp({ path: { 'apt-get': brings('1.4.1') }, brew: { brew } });
    expect(skopeo.version).toBe('1.20.0');
    expect(commands.at(-1)).toContain('brew/bin/brew install skopeo');
  });

  it('is installed by the next package manager where the first does not end', async () => {
    const { message } = await failureOf(setUp({ path: { 'apt-get': '' }, stuck: 'apt-get' }));
    expect(message).toBe('skopeo is not installed; apt-get did not end within 900 s');
    const machine = { path: { 'apt-get': '', dnf: brings('1.9.3') }, stuck: 'apt-get' };
    expect((await setUp(machine)).version).toBe('1.9.3');
  });

  it('is installed by the next package manager where the first has no network', async () => {
    expect((await setUp({ path: { 'apt-get': 'exit 100', dnf: brings('1.9.3') } })).version).toBe('1.9.3');
  });
});

describe('a machine that cannot get a skopeo', () => {
  it.each<[string, Machine, string, string]>([
    [
      'no package manager',
      {},
      'skopeo is not installed; this machine has no package manager that we know',
      'Install skopeo 1.6 or newer, or copy without it: --copier direct.',
    ],
    [
      'one without network',
      { path: { 'apt-get': 'exit 100' } },
      'skopeo is not installed; apt-get ended with 100',
      "Install it with 'sudo apt-get install -y skopeo', or copy without it: --copier direct.",
    ],
    [
      'one that has no new skopeo',
      { path: { skopeo: skopeoStub('1.4.1'), 'apt-get': brings('1.4.1') } },
      `${OLD}; apt-get brought none that is new enough`,
      "Install it with 'sudo apt-get install -y skopeo', or copy without it: --copier direct.",
    ],
    [
      'one that says that it installed it',
      { path: { apk: 'true' } },
      'skopeo is not installed; apk brought none',
      "Install it with 'sudo apk add skopeo', or copy without it: --copier direct.",
    ],
    [
      'one that needs root',
      { isRoot: false, path: { dnf: brings('1.9.3') } },
      'skopeo is not installed; dnf needs root, and sudo is not here',
      "Install it with 'sudo dnf install -y skopeo', or copy without it: --copier direct.",
    ],
    [
      'a sudo that wants a password',
      { isRoot: false, path: { dnf: brings('1.9.3'), sudo: 'exit 1' } },
      'skopeo is not installed; dnf ended with 1',
      "Install it with 'sudo dnf install -y skopeo', or copy without it: --copier direct.",
    ],
    [
      'something else under the name',
      { path: { skopeo: 'echo hello' } },
      'BIN/skopeo is not a skopeo: it does not print its version; this machine has no package manager that we know',
      'Install skopeo 1.6 or newer, or copy without it: --copier direct.',
    ],
  ])('says so once, with the command and a way on: %s', async (_, machine, message, hint) => {
    const error = await failureOf(setUp(machine));
    expect([error.code, shown(error), error.hint]).toEqual(['machine', message, hint]);
  });
});

describe('skopeo from an address', () => {
  const served = `#!/bin/sh\ntouch "$(dirname "$0")/was-run"\n${skopeoStub('1.15.0')}\n`;
  const sha256 = createHash('sha256').update(served).digest('hex');
  const wanted = (hex: string): WantedSkopeo =>
    parseWantedSkopeo(`https://user:secret@files.example/skopeo?sig=abc#sha256=${hex}`);

  it('is used although another one is on PATH', async () => {
    const machine = { served, path: { skopeo: skopeoStub('1.9.3') } };
    expect((await setUp(machine, wanted(sha256))).version).toBe('1.15.0');
  });

  it('is not run where its sha256 differs, and no other one is used', async () => {
    const machine = { served, path: { skopeo: skopeoStub('1.9.3') } };
    const error = await failureOf(setUp(machine, wanted('0'.repeat(64))));
    expect(error.code).toBe('machine');
    expect(error.message).toBe(
      `what https://files.example/skopeo serves has sha256:${sha256}, not sha256:${'0'.repeat(64)}: it was not run`,
    );
    expect(await readdir(path.join(temp.path, 'run'))).toEqual([]);
    expect([...kept]).toEqual([]);
  });

  it('B17: is kept for later runs, which do not fetch it', async () => {
    expect((await setUp({ served }, wanted(sha256))).version).toBe('1.15.0');
    expect([...kept.keys()]).toEqual([sha256]);
    await rm(path.join(temp.path, 'run'), { recursive: true });
    const { file, version } = await setUp({}, wanted(sha256));
    expect([path.relative(temp.path, file), version]).toEqual(['run/fetched-skopeo', '1.15.0']);
  });

  it('has to be a skopeo that is new enough', async () => {
    const old = `#!/bin/sh\n${skopeoStub('1.5.0')}\n`;
    const hex = createHash('sha256').update(old).digest('hex');
    expect((await failureOf(setUp({ served: old }, wanted(hex)))).message).toMatch(/1\.5\.0 .*too old/);
  });

  it('is an error where it cannot be fetched', async () => {
    expect((await failureOf(setUp({}, wanted(sha256)))).message).toBe('no such host');
  });

  it('is refused by the command, which does not fetch programs', async () => {
    const error = await failureOf(findSkopeo(wanted(sha256), {}));
    expect([error.code, error.message]).toEqual(['usage', expect.stringContaining('only the action does')]);
  });
});

describe('the option skopeo', () => {
  it.each<[string, WantedSkopeo]>([
    ['auto', { kind: 'auto' }],
    ['/opt/skopeo', { kind: 'file', path: '/opt/skopeo' }],
    ['skopeo#1', { kind: 'file', path: 'skopeo#1' }],
    [
      `https://a.example/s#${'A'.repeat(64)}`,
      { kind: 'download', url: 'https://a.example/s', sha256: 'a'.repeat(64) },
    ],
    [
      `http://a/s?x=1#sha256:${'b'.repeat(64)}`,
      { kind: 'download', url: 'http://a/s?x=1', sha256: 'b'.repeat(64) },
    ],
  ])('%s', (text, expected) => expect(parseWantedSkopeo(text)).toEqual(expected));

  it.each([
    'https://a.example/s',
    'https://a.example/s#',
    `https://a.example/s#${'a'.repeat(63)}`,
    `https://#${'a'.repeat(64)}`,
  ])('%s is refused: an address needs its sha256', (text) =>
    expect(() => parseWantedSkopeo(text)).toThrow(/sha256 of the binary/),
  );

  it('may name a file that is a skopeo of the user', async () => {
    const folder = await writePrograms(path.join(temp.path, 'own'), { 'my-skopeo': skopeoStub('1.8.0') });
    const file = path.join(folder, 'my-skopeo');
    expect(await setUp({}, { kind: 'file', path: file })).toEqual({ file, version: '1.8.0' });
    expect((await failureOf(setUp({}, { kind: 'file', path: '/nowhere/skopeo' }))).code).toBe('machine');
    expect(await readFile(file, 'utf8')).toContain('1.8.0');
  });
});
