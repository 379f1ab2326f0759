import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { one } from '../support/fixtures/index.ts';
import { noteNotOnZot } from '../support/not-on-zot.ts';
import { type Workplace, workplace } from '../support/oci-save.ts';
import { outputOf, type ProgramResult } from '../support/program.ts';
import { pushImage } from '../support/push.ts';
import {
  type Containerd,
  type DockerRegistry,
  hasZot,
  makeAuthority,
  startContainerd,
  startDockerRegistry,
} from '../support/servers/index.ts';
import { type Site, startSite } from '../support/site.ts';
import { toolPath } from '../support/tools.ts';

let registry: DockerRegistry;
let work: Workplace;
let containerd: Containerd;
let site: Site;
let commands: readonly string[];

beforeAll(async () => {
  registry = await startDockerRegistry();
  work = await workplace();
  containerd = await startContainerd('k8s.io');
  const from = `${registry.host}/a`;
  for (const [name, image] of Object.entries({ nginx: one(), agent: one({ seed: 'agent' }) }))
    await pushImage(registry.target, `a/${name}`, image, '1');
  const options = ['-p', 'linux/amd64', '--insecure-registries', registry.host];
  const nginx = `${from}/nginx:1 => docker.io/library/nginx:1`;
  await work.succeed('save', nginx, '-o', 'first', ...options);
  await work.succeed('save', nginx, `${from}/agent:1 => quay.io/acme/agent:1`, '-o', 'bundle', ...options);
  const page = await readFile(work.file('bundle/README.txt'), 'utf8');
  commands = [...page.matchAll(/^ {5}(sh kit\/.*)$/gm)].map(([, line = '']) => line.replace(/ +#.*$/, ''));
  await certificate(work.file('tls'));
  site = await startSite({
    shell: 'busybox',
    programs: ['ctr', 'podman', 'conmon', 'runc', 'skopeo', 'docker-registry', ...(hasZot() ? ['zot'] : [])],
    mounts: {
      '/b': `${work.file('bundle')}:ro`,
      '/first': `${work.file('first')}:ro`,
      '/tls': `${work.file('tls')}:ro`,
      '/run/containerd': path.dirname(containerd.socket),
      '/sys': '/sys',
    },
  });
  const etc = path.join(site.root, 'etc');
  await mkdir(path.join(etc, 'containers'));
  const files = {
    hosts: '127.0.0.1 localhost registry.example\n',
    'containers/policy.json': '{"default":[{"type":"insecureAcceptAnything"}]}',
    'containers/registries.conf': 'short-name-mode = "disabled"\n',
    'containers/storage.conf':
      '[storage]\ndriver = "vfs"\nrunroot = "/tmp/p/run"\ngraphroot = "/tmp/p/root"\n',
    'containers/containers.conf': '[engine]\nevents_logger = "none"\nlock_type = "file"\nruntime = "runc"\n',
    'registry.yml': `version: 0.1
storage: {filesystem: {rootdirectory: /tmp/registry}}
http: {addr: "127.0.0.1:5000", tls: {certificate: /tls/server.crt, key: /tls/server.key}}
`,
  };
  for (const [name, content] of Object.entries(files)) await writeFile(path.join(etc, name), content);
});
afterAll(async () => {
  await site.close();
  await containerd.close();
  await work.close();
  await registry.close();
});

/** A server's certificate and its authority, and a file of users. */
async function certificate(folder: string): Promise<void> {
  await mkdir(folder);
  const { sign } = await makeAuthority(folder);
  await sign('server', {
    extensions: 'subjectAltName=DNS:registry.example,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n',
  });
  const line = await outputOf(toolPath('htpasswd'), ['-niBC', '5', 'user'], { input: 'word' });
  await writeFile(path.join(folder, 'htpasswd'), line);
}

const commandsOf = (script: string): string[] =>
  commands.filter((command) => command.startsWith(`sh kit/${script}.sh`));

/** Runs lines in a copy of the bundle's folder, as whoever reads the page would. */
function follow(lines: readonly string[]): Promise<ProgramResult> {
  const env = {
    CONTAINERD_ADDRESS: `/run/containerd/${path.basename(containerd.socket)}`,
    CONTAINERD_SNAPSHOTTER: 'native',
    SSL_CERT_FILE: '/tls/ca.crt',
    TMPDIR: '/tmp',
  };
  return site.run(`set -e; cd /b\n${lines.join('\n')}`, { env });
}

/** Waits for a line of a program that stays; ends it after `then`. */
const during = (command: string, said: string, then: string): string => `${command} >/tmp/said 2>&1 &
server=$!; n=0
until grep -qi '${said}' /tmp/said; do
  n=$((n + 1)); [ $n -lt 600 ] || { cat /tmp/said >&2; exit 1; }
  sleep 0.1
done
${then}
kill $server; wait $server || true`;

const well = { exitCode: 0 };

describe('V16: README.txt of a bundle: each command, in busybox sh, without network', () => {
  it('has all of them in these tests', () => {
    const tested = ['verify', 'serve', 'load', 'push', 'mirrors', 'update'].flatMap(commandsOf);
    expect(tested.toSorted()).toEqual(commands.toSorted());
    expect(commands).toHaveLength(14);
  });

  it('1: check', async () => {
    expect(await follow(commandsOf('verify'))).toMatchObject(well);
  });

  it('2: serve, for this machine, for others, with users and TLS', async () => {
    if (!hasZot()) return noteNotOnZot();
    const pull =
      'skopeo inspect --tls-verify=false --raw docker://127.0.0.1:5000/docker.io/library/nginx:1 >/dev/null';
    const withUser = pull.replace('inspect', 'inspect --creds user:word');
    const [plain = '', open = '', secured = ''] = commandsOf('serve');
    expect(await follow([during(plain, 'serving', pull)])).toMatchObject(well);
    expect(await follow([during(open, 'serving', pull)])).toMatchObject(well);
    const files =
      'rm -rf /tmp/s; cp -r /b /tmp/s; cp /tls/htpasswd /tls/server.crt /tls/server.key /tmp/s; cd /tmp/s';
    const refused = `if ${pull}; then exit 9; fi`;
    expect(await follow([files, during(secured, 'serving', `${withUser}; ${refused}`)])).toMatchObject(well);
  });

  it('3: load', async () => {
    expect(await follow([...commandsOf('load'), 'podman images'])).toMatchObject({
      ...well,
      stdout: expect.stringMatching(/docker\.io\/library\/nginx/),
    });
    const names = (await containerd.images()).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['docker.io/library/nginx:1', 'quay.io/acme/agent:1']));
  });

  it('4: push', async () => {
    const server = 'docker-registry serve /etc/registry.yml';
    const tags = 'skopeo list-tags docker://registry.example:5000/mirror/docker.io/library/nginx';
    const [first = '', second = '', plain = ''] = commandsOf('push');
    const pushed = await follow([during(server, 'listening on', [first, second, tags].join('\n'))]);
    expect(pushed).toMatchObject({ ...well, stdout: expect.stringContaining('"1"') });
    const open = 'docker-registry serve /b/kit/docker-registry.yml';
    expect(await follow([during(open, 'listening on', plain)])).toMatchObject(well);
  });

  it('5: mirrors', async () => {
    expect(await follow(commandsOf('mirrors'))).toMatchObject(well);
  });

  it('6: update', async () => {
    const lines = commandsOf('update').map((line) => line.replace(/FOLDER|SITE/, (word) => `/tmp/${word}`));
    const before = [
      'cp -a /first /tmp/FOLDER',
      'mkdir /tmp/SITE',
      'sh /first/kit/update.sh --swap /tmp/SITE',
    ];
    const after = ['sh /tmp/FOLDER/kit/verify.sh', 'cmp /tmp/SITE/current/SHA256SUMS /first/SHA256SUMS'];
    const { exitCode, stderr } = await follow([...before, ...lines, ...after]);
    expect([exitCode, stderr]).toEqual([0, expect.any(String)]);
  });
});
