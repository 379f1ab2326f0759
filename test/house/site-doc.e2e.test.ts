import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { idx, one } from '../support/fixtures/index.ts';
import { noteNotOnZot } from '../support/not-on-zot.ts';
import { CLI, type Workplace, workplace } from '../support/oci-save.ts';
import { type ProgramResult, runProgram } from '../support/program.ts';
import { pushImage } from '../support/push.ts';
import {
  type Containerd,
  type DockerRegistry,
  hasZot,
  type Podman,
  startContainerd,
  startDockerRegistry,
  startPodman,
} from '../support/servers/index.ts';
import { asRoot, toolPath, toolsSearchPath } from '../support/tools.ts';

const page = await readFile('docs/site.md', 'utf8');

interface Block {
  readonly name: string;
  /** True where it runs until it is ended. */
  readonly stays: boolean;
  readonly code: string;
}

const blocks: readonly Block[] = [
  ...page.matchAll(/^<!-- site: ([a-z-]+)( serve)? -->\n```sh\n([^]*?)^```/gm),
].map(([, name = '', stays, code = '']) => ({ name, stays: stays !== undefined, code }));

let registry: DockerRegistry;
let work: Workplace;
let containerd: Containerd;
let podman: Podman;

const app = idx();
const AGENT = 'quay.io/acme/agent';

beforeAll(async () => {
  registry = await startDockerRegistry();
  work = await workplace();
  containerd = await startContainerd('k8s.io');
  podman = await startPodman();
  await pushImage(registry.target, 'library/app', app, '1');
  await pushImage(registry.target, 'library/app', one({ seed: 'later' }), '2');
  await pushImage(registry.target, 'acme/agent', one(), '1.4');
  const insecure = ['--insecure-registries', registry.host, '-p', 'linux/amd64', '--archive', 'tar'];
  const agent = `${registry.host}/acme/agent:1.4 => ${AGENT}:1.4`;
  const appOf = (tag: string): string =>
    `${registry.host}/library/app:${tag} => docker.io/library/app:${tag}`;
  await work.succeed('save', appOf('1'), agent, '-o', 'app', ...insecure);
  await work.succeed('save', appOf('2'), agent, '-o', 'new', ...insecure);
  await work.succeed('save', appOf('1'), agent, '-o', 'parts/app', '--split-size', '512KiB', ...insecure);
  await mkdir(work.file('bin'));
  const shims = {
    'oci-save': `exec ${process.execPath} ${CLI} "$@"`,
    podman: `exec ${toolPath('podman')} ${podman.options.join(' ')} "$@"`,
  };
  for (const [name, script] of Object.entries(shims)) {
    await writeFile(work.file(`bin/${name}`), `#!/bin/sh\n${script}\n`);
    await chmod(work.file(`bin/${name}`), 0o755);
  }
  if (hasZot()) await symlink(toolPath('zot'), work.file('bin/zot'));
});
afterAll(async () => {
  await podman.close();
  await containerd.close();
  await work.close();
  await registry.close();
});

/** Runs blocks of the page in their order, on a machine without network whose /srv and /media are its own. */
async function follow(names: readonly string[], usb = work.folder): Promise<ProgramResult> {
  const chosen = names.flatMap((name) => {
    const found = blocks.filter((block) => block.name === name);
    if (found.length === 0) throw new Error(`docs/site.md has no block ${name}`);
    return found;
  });
  const steps = [
    'set -eu',
    'for place in /srv /media /run /etc/containerd /var/lib; do mkdir -p $place; mount -t tmpfs none $place; done',
    'mkdir /media/usb /run/containerd',
    `mount --bind ${usb} /media/usb`,
    `mount --bind ${path.dirname(containerd.socket)} /run/containerd`,
    'ip link set lo up; ip addr add 10.0.0.5/32 dev lo',
    ...chosen.map(({ code, stays }) => (stays ? inBackground(code) : `(\nset -e\n${code})`)),
  ];
  const env = {
    ...work.env,
    ...containerd.env,
    ...podman.env,
    CONTAINERD_ADDRESS: `/run/containerd/${path.basename(containerd.socket)}`,
    PATH: `${work.file('bin')}${path.delimiter}${toolsSearchPath()}`,
  };
  const script = steps.join('\n');
  const [file, args] = asRoot('unshare', [
    '--mount',
    '--net',
    '--pid',
    '--fork',
    '--kill-child',
    'sh',
    '-c',
    script,
  ]);
  return runProgram(file, args, { env, cwd: '/' });
}

/** Waits for the line with which each server says that it answers. */
function inBackground(code: string): string {
  const said = String.raw`serving\|listening on`;
  return `server=$(mktemp)
( ${code} ) >"$server" 2>&1 &
n=0
until grep -qi '${said}' "$server"; do
  n=$((n + 1))
  [ $n -lt 600 ] || { cat "$server" >&2; exit 1; }
  sleep 0.1
done`;
}

describe('docs/site.md: each command, on a machine without network', () => {
  it('has every block in this test', () => {
    const all = page.match(/^```sh$/gm) ?? [];
    expect(blocks).toHaveLength(all.length);
    expect([...new Set(blocks.map(({ name }) => name))]).toEqual([
      'archive',
      'parts',
      'zot',
      'registry',
      'node',
      'podman',
      'update',
      'swap',
    ]);
  });

  it('an archive in parts', async () => {
    expect(await follow(['parts'], work.file('parts'))).toMatchObject({ exitCode: 0 });
  });

  it('B14, V18: zot over the folder, and containerd pulls by the names that pods have', async () => {
    if (!hasZot()) return noteNotOnZot();
    const { exitCode, stdout, stderr } = await follow(['archive', 'zot']);
    expect([exitCode, stderr]).toEqual([0, expect.any(String)]);
    expect(stdout).toContain('docker.io/library/app:1');
    const image = (await containerd.images()).find(({ name }) => name === 'docker.io/library/app:1');
    expect(image?.digest).toBe(app.top);
  });

  it('docker-registry, filled by kit/push.sh', async () => {
    const { exitCode, stdout, stderr } = await follow(['archive', 'registry']);
    expect([exitCode, stderr]).toEqual([0, expect.any(String)]);
    expect(stdout).toContain('docker.io/library/app');
  });

  it('V6: a node with containerd alone', async () => {
    const { exitCode, stdout, stderr } = await follow(['archive', 'node']);
    expect([exitCode, stderr]).toEqual([0, expect.any(String)]);
    expect(stdout).toContain(`\ndocker.io/library/app@${app.top}\n`);
  });

  it('Podman alone', async () => {
    const { exitCode, stderr } = await follow(['archive', 'podman']);
    expect([exitCode, stderr]).toEqual([0, expect.any(String)]);
    const names = (await podman.images()).map(({ name }) => name);
    expect(names.toSorted()).toEqual(['docker.io/library/app:1', `${AGENT}:1.4`]);
  });

  it('V17: a later bundle joins the first one', async () => {
    const { exitCode, stdout, stderr } = await follow(['archive', 'update']);
    expect([exitCode, stderr]).toEqual([0, expect.any(String)]);
    expect(stdout).toMatch(/new +docker\.io\/library\/app:2\n/);
  });

  it('V17: a later bundle is swapped in, and the first one comes back', async () => {
    const { exitCode, stdout, stderr } = await follow(['archive', 'swap']);
    expect([exitCode, stderr]).toEqual([0, expect.any(String)]);
    expect(stdout).toMatch(
      /is release (\w{12}) now\n[^]*is release \w{12} now; it was \1\n[^]*is release \1 now; it was/,
    );
  });
});
