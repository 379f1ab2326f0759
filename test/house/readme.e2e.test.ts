import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { one } from '../support/fixtures/index.ts';
import { CLI, type Workplace, workplace } from '../support/oci-save.ts';
import { outputOf, type ProgramResult, runProgram, startDaemon } from '../support/program.ts';
import { pushImage } from '../support/push.ts';
import {
  type Containerd,
  type DockerRegistry,
  type Podman,
  startContainerd,
  startDockerRegistry,
  startPodman,
} from '../support/servers/index.ts';
import { toolPath, toolsSearchPath } from '../support/tools.ts';

const readme = await readFile('README.md', 'utf8');

/** The code blocks of a language, each as one text. */
const blocks = (language: string): string[] =>
  [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, 'gm'))].map(([, code = '']) => code);

const commands = blocks('sh').flatMap((block) => block.split('\n').filter((line) => line !== ''));
const command = (start: string): string => {
  const found = commands.find((line) => line.startsWith(start));
  if (found === undefined) throw new Error(`the README has no command '${start}…'`);
  return found;
};

let registry: DockerRegistry;
let work: Workplace;
let containerd: Containerd;
let podman: Podman;
let env: Record<string, string>;
const image = one();

/** Runs a line of the README as a reader would, in a shell. */
const inShell = (line: string): Promise<ProgramResult> =>
  runProgram('sh', ['-c', line], { cwd: work.folder, env });

beforeAll(async () => {
  registry = await startDockerRegistry({ tls: 'server' });
  work = await workplace();
  containerd = await startContainerd('k8s.io');
  podman = await startPodman();
  await pushImage(registry.target, 'library/busybox', image, '1');
  await writeFile(work.file('images.txt'), `${registry.host}/library/busybox:1 => busybox:latest\n`);
  await mkdir(work.file('bin'));
  const shims = {
    'oci-save': `exec ${process.execPath} ${CLI} "$@"`,
    podman: `exec ${toolPath('podman')} ${podman.options.join(' ')} "$@"`,
  };
  for (const [name, script] of Object.entries(shims)) {
    await writeFile(work.file(`bin/${name}`), `#!/bin/sh\n${script}\n`);
    await chmod(work.file(`bin/${name}`), 0o755);
  }
  env = {
    ...work.env,
    ...containerd.env,
    ...podman.env,
    NODE_EXTRA_CA_CERTS: registry.certificates?.ca ?? '',
    SSL_CERT_FILE: registry.certificates?.ca ?? '',
    PATH: `${work.file('bin')}${path.delimiter}${toolsSearchPath()}`,
  };
});
afterAll(async () => {
  await podman.close();
  await containerd.close();
  await work.close();
  await registry.close();
});

describe('the README’s commands', () => {
  it('include a demo that runs', async () => {
    expect(command('npm ci && npm run demo')).toBeDefined();
    const { exitCode, stdout } = await runProgram('npm', ['run', 'demo'], { cwd: process.cwd() });
    expect(stdout).toContain('every digest is the source’s');
    expect(exitCode).toBe(0);
  });

  it('save a list from a registry with a private authority', async () => {
    const line = command('oci-save save -f images.txt').replace('linux/amd64,linux/arm64', 'linux/amd64');
    const { exitCode, stderr } = await inShell(line);
    expect([exitCode, exitCode === 0 ? '' : stderr]).toEqual([0, '']);
    expect((await work.lock('bundle/oci-save.lock.json')).images[0]?.digest).toBe(image.top);
  });

  it('list, verify and prune the store', async () => {
    const lines = commands.filter((line) => line.startsWith('oci-save cache '));
    expect(lines.map((line) => line.split(' ')[2])).toEqual(['list', 'verify', 'prune', 'prune']);
    for (const line of lines) expect(await inShell(line)).toMatchObject({ exitCode: 0 });
  });

  it('serve the bundle', async () => {
    const server = startDaemon(
      'sh',
      ['-c', `exec ${command('oci-save serve bundle')} --listen 127.0.0.1:0`],
      { cwd: work.folder, env },
    );
    const [, host] = await server.line(/^(127\.0\.0\.1:\d+)$/);
    const raw = await outputOf('skopeo', [
      'inspect',
      '--raw',
      '--tls-verify=false',
      `docker://${host}/docker.io/library/busybox:latest`,
    ]);
    expect(raw).toBe(new TextDecoder().decode(image.manifests.get(image.top)?.bytes));
    await server.close();
  });

  it('push the bundle, as a dry run, for real, and in the run that saves', async () => {
    const lines = commands.filter((line) => line.includes('registry.example:5000/mirror'));
    expect(lines).toHaveLength(3);
    for (const line of lines) {
      const { exitCode, stderr } = await inShell(line.replace('registry.example:5000', registry.host));
      expect([exitCode, exitCode === 0 ? '' : stderr]).toEqual([0, '']);
    }
    const raw = await outputOf(
      'skopeo',
      ['inspect', '--raw', `docker://${registry.host}/mirror/docker.io/library/busybox:latest`],
      { env: { SSL_CERT_FILE: registry.certificates?.ca ?? '' } },
    );
    expect(raw).toBe(new TextDecoder().decode(image.manifests.get(image.top)?.bytes));
  });

  it('import the archive into containerd and podman, and copy it by skopeo', async () => {
    expect(await inShell(command('ctr -n k8s.io images import'))).toMatchObject({ exitCode: 0 });
    const names = (await containerd.images()).map(({ name, digest }) => [name, digest]);
    expect(names).toContainEqual(['docker.io/library/busybox:latest', image.top]);
    expect(await inShell(command('podman load -i bundle.tar'))).toMatchObject({ exitCode: 0 });
    const line = command('skopeo copy oci-archive:').replace('containers-storage:busybox', 'dir:copied');
    expect(await inShell(`${line} --insecure-policy`)).toMatchObject({ exitCode: 0 });
  });

  it('show the scripts of the kit, which README.txt of a bundle has with the same words', async () => {
    const page = await readFile(work.file('bundle/README.txt'), 'utf8');
    const shown = commands.flatMap((line) => /^sh (kit\/[a-z]+\.sh)/.exec(line)?.[1] ?? []);
    expect(new Set(shown).size).toBe(6);
    for (const script of shown) expect(page).toContain(`sh ${script}`);
  });

  it('save the list that the README shows', async () => {
    const [list = ''] = blocks('text').filter((block) => block.includes('# group'));
    await writeFile(work.file('shown.txt'), list);
    await writeFile(work.file('shown.yaml'), blocks('yaml')[0] ?? '');
    for (const file of ['shown.txt', 'shown.yaml']) {
      const { stdout, exitCode } = await work.run('list', file);
      expect(exitCode).toBe(0);
      expect(stdout).toContain('quay.io/acme/agent:1.4');
    }
  });
});
