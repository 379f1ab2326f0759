import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseList } from '../../src/list/index.ts';
import { busybox, dockerArchive } from '../support/fixtures/index.ts';
import { noteNotOnZot } from '../support/not-on-zot.ts';
import { CLI, type Workplace, workplace } from '../support/oci-save.ts';
import { type ProgramResult, runProgram } from '../support/program.ts';
import { type Dockerd, hasZot, type Podman, startDockerd, startPodman } from '../support/servers/index.ts';
import { asRoot, toolPath, toolsSearchPath } from '../support/tools.ts';

const page = await readFile('docs/sources.md', 'utf8');

interface Block {
  readonly name: string;
  /** `serve`: it runs until it is ended. `fails`: it ends with 1. */
  readonly kind: string | undefined;
  readonly code: string;
}

const blocks: readonly Block[] = [
  ...page.matchAll(/^<!-- sources: ([a-z-]+)(?: (serve|fails))? -->\n```sh\n([^]*?)^```/gm),
].map(([, name = '', kind, code = '']) => ({ name, kind, code }));

/** What the page shows of outputs, line by line. */
const said = [...page.matchAll(/^```text said\n([^]*?)^```/gm)].flatMap(([, text = '']) =>
  text.trim().split('\n'),
);

let work: Workplace;
let podman: Podman;
let dockerd: Dockerd;
/** Everything that the blocks printed. */
let printed = '';

beforeAll(async () => {
  podman = await startPodman();
  dockerd = await startDockerd();
  const storageConf = path.join(path.dirname(podman.root), 'storage.conf');
  await writeFile(
    storageConf,
    `[storage]\ndriver = "vfs"\ngraphroot = "${podman.root}"\nrunroot = "${podman.runRoot}"\n`,
  );
  work = await workplace({ ...dockerd.env, CONTAINERS_STORAGE_CONF: storageConf });
  await mkdir(work.file('runtime'));
  const made = (tag: string) => ({ ...busybox({ seed: tag }), tags: [tag] });
  await writeFile(work.file('docker.tar'), dockerArchive([made('app:1'), made('busybox:latest')]));
  await writeFile(work.file('podman.tar'), dockerArchive([made('localhost/app:2')]));
  await dockerd.docker('load', '-i', work.file('docker.tar'));
  await podman.load(work.file('podman.tar'));
  await mkdir(work.file('bin'));
  await mkdir(path.join(work.file('home'), '.config/containers'), { recursive: true });
  const policy = JSON.stringify({ default: [{ type: 'insecureAcceptAnything' }] });
  await writeFile(path.join(work.file('home'), '.config/containers/policy.json'), policy);
  const podmanEnv = Object.entries(podman.env).map(([name, value]) => `${name}=${value}`);
  const shims = {
    'oci-save': `exec ${process.execPath} ${CLI} "$@"`,
    podman: `exec env ${podmanEnv.join(' ')} ${toolPath('podman')} ${podman.options.join(' ')} "$@"`,
    // It reads no DOCKER_HOST.
    skopeo: `case "$*" in copy*docker-daemon:*) set -- "$@" --dest-daemon-host "$DOCKER_HOST";; esac; exec ${toolPath('skopeo')} "$@"`,
  };
  for (const [name, script] of Object.entries(shims)) {
    await writeFile(work.file(`bin/${name}`), `#!/bin/sh\n${script}\n`);
    await chmod(work.file(`bin/${name}`), 0o755);
  }
  if (hasZot()) await symlink(toolPath('zot'), work.file('bin/zot'));
});
afterAll(async () => {
  await dockerd.close();
  await podman.close();
  await work.close();
});

/** Runs blocks of the page in their order, in one folder, on a machine whose only network is loopback. */
async function follow(...names: readonly string[]): Promise<ProgramResult> {
  const steps = names.map((name) => {
    const found = blocks.find((block) => block.name === name);
    if (found === undefined) throw new Error(`docs/sources.md has no block ${name}`);
    const { kind, code } = found;
    if (kind === 'serve') return inBackground(code);
    return kind === 'fails' ? `if (\n${code}) then exit 9; fi` : `(\nset -e\n${code})`;
  });
  const script = ['set -eu', 'ip link set lo up', ...steps].join('\n');
  const [file, args] = asRoot('unshare', ['--net', '--pid', '--fork', '--kill-child', 'sh', '-c', script]);
  const env = {
    ...work.env,
    PATH: `${work.file('bin')}${path.delimiter}${toolsSearchPath()}`,
  };
  const result = await runProgram(file, args, { env, cwd: work.folder });
  printed += result.stdout + result.stderr;
  return result;
}

const inBackground = (code: string): string => `( ${code} ) >server.log 2>&1 &
n=0
until skopeo inspect --tls-verify=false docker://127.0.0.1:5000/busybox:v1 >/dev/null 2>&1; do
  n=$((n + 1))
  [ $n -lt 100 ] || { cat server.log >&2; exit 1; }
  sleep 0.1
done`;

describe('docs/sources.md: each command, on a machine without network', () => {
  it('has every block in this test, and its list is one', () => {
    expect(blocks).toHaveLength((page.match(/^```sh$/gm) ?? []).length);
    expect(blocks.map(({ name }) => name)).toEqual([
      'local',
      'order',
      'offline',
      'again',
      'seed',
      'seed-zot',
      'seed-pull',
    ]);
    const [, count, text = ''] = /^```text list=plain count=(\d+)\n([^]*?)^```/m.exec(page) ?? [];
    const list = parseList(new TextEncoder().encode(text), 'list', {
      format: 'auto',
      defaultRegistry: 'docker.io',
    });
    expect([list.rejects, list.requests.length]).toEqual([[], Number(count)]);
  });

  it('S2 to S5: images of a daemon, a storage, and what both save', async () => {
    const { exitCode, stderr } = await follow('local');
    expect([exitCode, stderr]).toEqual([0, expect.any(String)]);
    const names = async (folder: string): Promise<string[]> =>
      (await work.lock(`${folder}/oci-save.lock.json`)).images.flatMap((image) => image.names);
    expect(await names('built')).toEqual(['docker.io/library/app:1', 'localhost/app:2']);
    expect(await names('archived')).toEqual(['docker.io/library/app:1']);
    expect(await names('kept')).toEqual(['localhost/app:2']);
  });

  it('S6, S8: the order of places, and offline; S10: a bundle as a list', async () => {
    const { exitCode, stderr } = await follow('order', 'offline', 'again');
    expect([exitCode, stderr]).toEqual([0, expect.any(String)]);
    expect(await readFile(work.file('innermost/oci-save.lock.json'), 'utf8')).toBe(
      await readFile(work.file('built/oci-save.lock.json'), 'utf8'),
    );
  });

  it('B14: the proposal’s seed, served by zot', async () => {
    if (!hasZot()) return noteNotOnZot();
    const { exitCode, stdout, stderr } = await follow('seed', 'seed-zot', 'seed-pull');
    expect([exitCode, stderr]).toEqual([0, expect.any(String)]);
    expect(stdout.match(/^root\/busybox\/.*$/gm)).toHaveLength(5);
    expect((await dockerd.images()).map(({ name }) => name)).toContain('busybox:v1');
  });

  it('shows what is printed', async () => {
    const absent = ['-p', 'linux/amd64', '-o', 'absent', 'containers-storage:app:1'];
    const { stdout, stderr } = await work.run('save', ...absent);
    const all = printed + stdout + stderr;
    const stranger = await readFile('src/list/read-boundary.ts', 'utf8');
    for (const line of said) {
      const words = line.replace('docker-daemon: whoever', '${transport}: whoever');
      expect(all.includes(line) || stranger.includes(words) ? '' : line).toBe('');
    }
  });
});
