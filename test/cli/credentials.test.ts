import { execFile } from 'node:child_process';
import { symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startUserGate, type UserGate } from '../api/user-gate.ts';
import { type BadRegistry, startBadRegistry } from '../support/bad-registry.ts';
import { one } from '../support/fixtures/index.ts';
import type { Ran } from '../support/captured.ts';
import { runMainAnyhow } from '../support/main.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';

const user = { username: 'robot$a', password: 'two words' };
const image = one({ layerBytes: 100 });

let registry: BadRegistry;
let gate: UserGate;
let temp: TempFolder;
beforeAll(async () => {
  registry = await startBadRegistry({ images: { 'team/app:1': image } });
  gate = await startUserGate(registry.host, { 'team/app': user });
  temp = await tempFolder('cli-credentials');
});
afterAll(async () => {
  await gate.close();
  await registry.close();
  await temp.close();
});

const lock = (
  credentials: string,
  input: Iterable<Uint8Array> = [],
  more: readonly string[] = [],
): Promise<Ran> => {
  const flags = ['-p', 'linux/amd64', '--insecure-registries', gate.host, '--verbose'];
  const store = path.join(temp.path, 'store');
  const args = [...flags, '--cache-dir', store, '--credentials', credentials, ...more];
  return runMainAnyhow(['lock', `${gate.host}/team/app:1`, ...args], input);
};

describe('N12: --credentials', () => {
  it('names a file, also by a link, as secrets of a cluster are', async () => {
    const file = path.join(temp.path, 'logins');
    await writeFile(file, `# ours\n${gate.host} ${user.username} ${user.password}\n`);
    await symlink('logins', path.join(temp.path, 'link'));
    const { exitCode, stdout, stderr } = await lock(path.join(temp.path, 'link'));
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining(image.top)]);
    expect(stderr).toContain(
      `credentials for ${gate.host}: line 2 of '${path.join(temp.path, 'link')}', for '${gate.host}'`,
    );
    expect(stdout + stderr).not.toContain(user.password);
  });

  it('that is a login itself is refused, and not shown', async () => {
    const { exitCode, stdout, stderr } = await lock('r.example u CANARY');
    expect([exitCode, stderr]).toEqual([
      2,
      expect.stringContaining('--credentials: the file cannot be read (ENOENT)'),
    ]);
    expect(stdout + stderr).not.toContain('CANARY');
  });

  it('may be - for standard input, which is read once and not without end', async () => {
    const line = `${gate.host} ${user.username} ${user.password}\n`;
    const { exitCode, stdout } = await lock('-', [Buffer.from(line.slice(0, 5)), Buffer.from(line.slice(5))]);
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining(image.top)]);

    const twice = await lock('-', [Buffer.from(line)], ['-f', 'a.txt,-']);
    expect([twice.exitCode, twice.stderr]).toEqual([
      2,
      expect.stringContaining('--credentials and --image-list are both -'),
    ]);

    function* endless(): Generator<Uint8Array> {
      for (;;) yield Buffer.alloc(64 * 1024, 'x');
    }
    expect((await lock('-', endless())).stderr).toContain('standard input cannot be read (it has more than');
  });

  it('is told by its name where that is a path, and a pipe with what to do', async () => {
    const missing = path.join(temp.path, 'none');
    expect((await lock(missing)).stderr).toContain(`the file '${missing}' cannot be read (ENOENT)`);
    expect((await lock('logins.yml')).stderr).toContain("the file 'logins.yml' cannot be read (ENOENT)");
    expect((await lock('/CANARY/x+1')).stderr).not.toContain('CANARY');
    expect((await lock('CANARY')).stderr).not.toContain('CANARY');
    const pipe = path.join(temp.path, 'pipe');
    await promisify(execFile)('mkfifo', [pipe]);
    const { exitCode, stderr } = await lock(pipe);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining(`the file '${pipe}' cannot be read`)]);
    expect(stderr).toContain('or - and let the program write to standard input');
    expect(stderr).not.toContain('do not belong on a command line');
  });

  it('that is no file, or no list of logins, is refused without its content', async () => {
    expect((await lock(temp.path)).stderr).toContain(
      `--credentials: the file '${temp.path}' cannot be read (it is a folder`,
    );
    const file = path.join(temp.path, 'wrong');
    await writeFile(file, 'r.example CANARY\n');
    const { exitCode, stderr } = await lock(file);
    expect([exitCode, stderr]).toEqual([
      2,
      expect.stringContaining(`credentials in '${file}': line 1 has no password`),
    ]);
    expect(stderr).not.toContain('CANARY');
    await writeFile(file, 'x'.repeat(1024 * 1024 + 1));
    expect((await lock(file)).stderr).toContain('it has more than 1 MiB');
  });
});
