import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { findTool, TOOLS_BIN, toolsSearchPath } from '../test/support/tools.ts';

/**
 * Lists the programs that the tests need, and installs the missing ones where it can: by apt as root, by Go, and by
 * pip into an environment of their own. Otherwise it prints the line to run and ends with 1: a missing program does
 * not skip a test. The argument says for which tests: `workflows` for the linters of workflows and shell scripts, `all` for both;
 * without one, for `npm test`.
 */

interface Tool {
  readonly name: string;
  /** Debian's package. */
  readonly package?: string;
  /** The Go module of the program, with its version. */
  readonly go?: string;
  /** Our own main package around a Go module, in this folder. */
  readonly goMain?: string;
  /** The Python package, with its version. */
  readonly pip?: string;
  readonly version: readonly string[];
  /** False: tests that want it can do with something else. */
  readonly needed?: false;
  /** For the tests of the workflows alone. */
  readonly workflows?: true;
}

const ALL_TOOLS: readonly Tool[] = [
  { name: 'skopeo', package: 'skopeo', version: ['--version'] },
  { name: 'docker-registry', package: 'docker-registry', version: ['--version'] },
  { name: 'containerd', package: 'containerd', version: ['--version'] },
  { name: 'ctr', package: 'containerd', version: ['--version'] },
  { name: 'runc', package: 'runc', version: ['--version'] },
  { name: 'podman', package: 'podman', version: ['--version'] },
  { name: 'buildah', package: 'buildah', version: ['--version'] },
  { name: 'dockerd', package: 'docker.io', version: ['--version'] },
  { name: 'docker', package: 'docker.io', version: ['--version'] },
  { name: 'umoci', package: 'umoci', version: ['--version'] },
  { name: 'htpasswd', package: 'apache2-utils', version: [] },
  { name: 'openssl', package: 'openssl', version: ['version'] },
  { name: 'dash', package: 'dash', version: [] },
  { name: 'busybox', package: 'busybox', version: [] },
  { name: 'shasum', package: 'perl', version: ['--version'] },
  { name: 'dpkg-deb', package: 'dpkg', version: ['--version'] },
  { name: 'apt-get', package: 'apt', version: ['--version'] },
  { name: 'git', package: 'git', version: ['--version'] },
  { name: 'cc', package: 'gcc', version: ['--version'] },
  { name: 'crane', go: 'github.com/google/go-containerregistry/cmd/crane@v0.22.1', version: ['version'] },
  { name: 'registry', goMain: 'test/support/distribution', version: ['--version'] },
  { name: 'act', go: 'github.com/nektos/act@v0.2.89', version: ['--version'] },
  {
    name: 'actionlint',
    go: 'github.com/rhysd/actionlint/cmd/actionlint@v1.7.12',
    version: ['-version'],
    workflows: true,
  },
  { name: 'shellcheck', package: 'shellcheck', version: ['--version'], workflows: true },
  { name: 'zizmor', pip: 'zizmor==1.32.0', version: ['--version'], workflows: true },
  { name: 'check-jsonschema', pip: 'check-jsonschema==0.39.0', version: ['--version'], workflows: true },
  { name: 'zot', version: [], needed: false },
];

const [scope = 'tests'] = process.argv.slice(2);
const TOOLS = ALL_TOOLS.filter(
  ({ workflows = false }) => scope === 'all' || workflows === (scope === 'workflows'),
);

/** Python's environment; its programs are linked into the tools' folder. */
const PYTHON = join(TOOLS_BIN, '..', 'python');
const LOG = join(TOOLS_BIN, '..', 'install.log');

const missing = (): Tool[] => TOOLS.filter(({ name }) => findTool(name) === undefined);

function versionOf(path: string, { version }: Tool): string {
  if (version.length === 0) return '';
  const { stdout, stderr } = spawnSync(path, version, { encoding: 'utf8', timeout: 10_000 });
  return /\d+\.\d+[\w.+~-]*/.exec(`${stdout}\n${stderr}`)?.[0] ?? '';
}

function list(): void {
  for (const tool of TOOLS) {
    const path = findTool(tool.name);
    const found = path === undefined ? 'missing' : `${versionOf(path, tool).padEnd(24)} ${path}`;
    console.log(`  ${tool.name.padEnd(16)} ${found}`);
  }
  if (scope !== 'workflows' && findTool('zot') === undefined) {
    console.log(
      '  zot is in no package registry: its checks run against the built-in registry (or set ZOT_BIN)',
    );
  }
}

/** Runs a program with its output in the log; the log's end is shown where it fails. */
function logged(file: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): boolean {
  const { status, stdout, stderr, error } = spawnSync(file, args, {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, PATH: toolsSearchPath(), ...env },
  });
  const output = `$ ${file} ${args.join(' ')}\n${stdout}${stderr}${error?.message ?? ''}\n`;
  mkdirSync(TOOLS_BIN, { recursive: true });
  writeFileSync(LOG, output, { flag: 'a' });
  if (status === 0) return true;
  console.log(`${file} failed, from ${LOG}:\n${output.slice(-4000)}`);
  return false;
}

function aptPackages(): string[] {
  return [...new Set(missing().flatMap((tool) => tool.package ?? []))];
}

function installPackages(): void {
  const packages = aptPackages();
  const apt = findTool('apt-get');
  if (packages.length === 0 || apt === undefined || process.getuid?.() !== 0) return;
  console.log(`installing ${packages.join(' ')}`);
  const quiet = { DEBIAN_FRONTEND: 'noninteractive' };
  if (logged(apt, ['update'], quiet)) {
    logged(apt, ['install', '-y', '--no-install-recommends', ...packages], quiet);
  }
}

function buildByGo(): void {
  const go = findTool('go');
  if (go === undefined) return;
  for (const { name, go: module, goMain } of missing()) {
    if (module === undefined && goMain === undefined) continue;
    console.log(`building ${name}`);
    if (module !== undefined) logged(go, ['install', module], { GOBIN: TOOLS_BIN });
    if (goMain !== undefined) logged(go, ['build', '-C', goMain, '-o', resolve(TOOLS_BIN, name), '.']);
  }
}

function installByPip(): void {
  const wanted = missing().flatMap(({ name, pip }) => (pip === undefined ? [] : [{ name, pip }]));
  const python = findTool('python3');
  if (wanted.length === 0 || python === undefined) return;
  console.log(`installing ${wanted.map(({ pip }) => pip).join(' ')}`);
  const own = join(PYTHON, 'bin', 'python3');
  const packages = wanted.map(({ pip }) => pip);
  if (!existsSync(own) && !logged(python, ['-m', 'venv', PYTHON])) return;
  if (!logged(own, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages])) return;
  for (const { name } of wanted) {
    rmSync(join(TOOLS_BIN, name), { force: true });
    symlinkSync(join('..', 'python', 'bin', name), join(TOOLS_BIN, name));
  }
}

/** What the user has to run. */
function advice(): string {
  const packages = aptPackages();
  const lines = [
    ...(packages.length === 0
      ? []
      : [`sudo apt-get update && sudo apt-get install -y --no-install-recommends ${packages.join(' ')}`]),
    ...missing().flatMap(({ go }) =>
      go === undefined ? [] : [`GOBIN=${TOOLS_BIN} go install ${go}   # needs Go`],
    ),
    ...missing().flatMap(({ name, goMain }) =>
      goMain === undefined ? [] : [`go build -C ${goMain} -o ${resolve(TOOLS_BIN, name)} .   # needs Go`],
    ),
    ...missing().flatMap(({ name, pip }) =>
      pip === undefined
        ? []
        : [`pipx install ${pip}   # ${name}; or have python3 with venv, and run this again`],
    ),
  ];
  return lines.map((line) => `  ${line}`).join('\n');
}

installPackages();
buildByGo();
installByPip();
console.log('Programs for the tests:');
list();
const needed = missing().filter((tool) => tool.needed !== false);
if (needed.length > 0) {
  console.log(`Missing: ${needed.map(({ name }) => name).join(', ')}. Run (Debian, Ubuntu):\n${advice()}`);
  process.exitCode = 1;
}
