import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { d2, one } from '../support/fixtures/index.ts';
import { outputOf, type ProgramResult, runProgram } from '../support/program.ts';
import { pushImage } from '../support/push.ts';
import { type DockerRegistry, startDockerRegistry } from '../support/servers/index.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';
import { namesIn } from '../support/whole-bundle.ts';
import { startUserGate, type UserGate } from './user-gate.ts';

const root = process.cwd();
/** What a checkout has, as far as the package is made of it; built files and `node_modules` are not. */
const SOURCES = ['package.json', 'README.md', 'LICENSE', 'docs', 'src', 'tools', 'rolldown.config.ts'];
const CONFIGS = ['tsconfig.json', 'tsconfig.types.json'];

const IMAGES = { 'acme/web': one({ seed: 'web' }), 'acme/db': d2({ seed: 'db' }) };
const guide = await readFile('docs/api.md', 'utf8');
const examples = [...guide.matchAll(/^```ts\n([^]*?)^```/gm)].map(([, code = '']) => code);

/** Each line is an error of its own. */
const WRONG = {
  'unknown-option': `await saveImages([], 'd', '', { copyer: 'direct' });`,
  'unknown-choice': `await saveImages([], 'd', '', { copier: 'wget' });`,
  'argument-as-option': `await saveImages([], 'd', '', { output: 'd' });`,
  'no-password': `await saveImagesWithAuth([{ username: 'u', images: [] }], 'd', '');`,
};

let temp: TempFolder;
let registry: DockerRegistry;
let gate: UserGate;
let packed: string[];
let project: string;
let compiled: ProgramResult;

/** How this machine reaches the net, where it is not by itself: npm fetches what the package brings. */
const way = Object.fromEntries(
  Object.entries(process.env).flatMap(([name, value]) =>
    value !== undefined && /^(?:https?_proxy|no_proxy|node_extra_ca_certs)$/i.test(name)
      ? [[name, value]]
      : [],
  ),
);
const npm = (args: readonly string[], cwd: string): Promise<string> =>
  outputOf('npm', [...args, '--loglevel=error', '--no-audit', '--no-fund'], { cwd, env: way });

/** Packs a checkout of its own: the build would take `dist` from under the tests that run beside. */
async function pack(): Promise<{ tarball: string; files: string[] }> {
  const checkout = path.join(temp.path, 'checkout');
  await mkdir(checkout);
  for (const name of [...SOURCES, ...CONFIGS])
    await cp(path.join(root, name), path.join(checkout, name), {
      recursive: true,
      filter: (source) => path.basename(source) !== 'node_modules',
    });
  await symlink(path.join(root, 'node_modules'), path.join(checkout, 'node_modules'));
  const [, json = ''] = /(\[[^]*\])\s*$/.exec(await npm(['pack', '--json'], checkout)) ?? [];
  const [{ filename, files }] = JSON.parse(json);
  return {
    tarball: path.join(checkout, filename),
    files: files.map((file: { path: string }) => file.path),
  };
}

beforeAll(async () => {
  temp = await tempFolder('package');
  registry = await startDockerRegistry();
  await pushImage(registry.target, 'acme/web', IMAGES['acme/web'], '2');
  await pushImage(registry.target, 'acme/db', IMAGES['acme/db'], '1');
  gate = await startUserGate(registry.host, {
    'acme/web': { username: 'alice', password: 'a-secret' },
    'acme/db': { username: 'bob', password: 'b-secret' },
  });
  const { tarball, files } = await pack();
  packed = files;
  project = path.join(temp.path, 'project');
  await mkdir(project);
  await writeFile(
    path.join(project, 'package.json'),
    JSON.stringify({ name: 'consumer', private: true, type: 'module' }),
  );
  // By itself npm waits five minutes for a connection that went silent.
  const patience = ['--fetch-timeout=20000', '--fetch-retries=5', '--fetch-retry-mintimeout=1000'];
  await npm(['install', '--prefer-offline', '--ignore-scripts', ...patience, tarball], project);
  const config = {
    compilerOptions: {
      module: 'nodenext',
      target: 'es2024',
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      skipLibCheck: false,
      typeRoots: [path.join(root, 'node_modules/@types')],
      types: ['node'],
    },
    include: ['*.ts'],
  };
  await writeFile(path.join(project, 'tsconfig.json'), JSON.stringify(config));
  await writeSources();
  compiled = await runProgram(path.join(root, 'node_modules/.bin/tsc'), ['-p', project]);
});
afterAll(async () => {
  await gate.close();
  await registry.close();
  await temp.close();
});

/** The examples, with a registry that is there, and what the compiler has to find an error in. */
async function writeSources(): Promise<void> {
  for (const [at, example] of examples.entries()) {
    const host = example.includes('saveImagesWithAuth') ? gate.host : registry.host;
    await writeFile(
      path.join(project, `example-${at}.ts`),
      example.replaceAll('registry.example:5000', host),
    );
  }
  for (const [name, line] of Object.entries(WRONG))
    await writeFile(
      path.join(project, `${name}.ts`),
      `import { saveImages, saveImagesWithAuth } from 'oci-save';\nvoid saveImagesWithAuth;\n// @ts-expect-error\n${line}\n`,
    );
}

/** Runs a file of the project as its owner would. */
const runThere = (file: string): Promise<ProgramResult> =>
  runProgram(process.execPath, [file], {
    cwd: project,
    env: { XDG_CACHE_HOME: path.join(temp.path, 'cache') },
  });

describe('the published package', () => {
  it('holds the built files but the action’s, their declarations, the schemas and the licences', async () => {
    const outside = packed.filter((file) => !/^dist\/(?:types\/.*\.d\.ts|[\w-]+\.js)$/.test(file));
    expect(outside.toSorted()).toEqual([
      'LICENSE',
      'README.md',
      'dist/licenses.txt',
      'docs/lock.schema.json',
      'docs/parts.schema.json',
      'docs/report.schema.json',
      'package.json',
    ]);
    for (const file of ['dist/api.js', 'dist/cli.js', 'dist/types/api.d.ts']) expect(packed).toContain(file);
    for (const file of packed.filter((name) => name.endsWith('.js'))) {
      expect(file).not.toMatch(/index|action/);
      const code = await readFile(path.join(project, 'node_modules/oci-save', file), 'utf8');
      for (const [, chunk = ''] of code.matchAll(/^(?:import|export) .*"\.\/([\w-]+\.js)";$/gm))
        expect(packed).toContain(`dist/${chunk}`);
    }
  });

  it('brings no packages but those whose types its declarations name: dist/ bundles the others', async () => {
    const names = await namesIn(path.join(project, 'node_modules'));
    expect(names.filter((name) => !name.startsWith('.'))).toEqual([
      'oci-save',
      'p-limit',
      'yaml',
      'yocto-queue',
      'zod',
    ]);
  });

  it('has the examples of docs/api.md compile against it, and run on Node 24', async () => {
    expect(examples).toHaveLength(4);
    expect(compiled).toMatchObject({ exitCode: 0, stdout: '' });
    // The second one pushes what the first one saves.
    const first = await runThere('example-0.ts');
    const [push, users, stages] = await Promise.all([1, 2, 3].map((at) => runThere(`example-${at}.ts`)));
    expect(first).toMatchObject({ exitCode: 0, stderr: '' });
    expect(push).toMatchObject({ exitCode: 0, stdout: 'done: 2 names are there\n', stderr: '' });
    expect(first.stdout).toContain(`saved ${registry.host}/acme/web:2 ${IMAGES['acme/web'].top}\n`);
    expect(users).toMatchObject({ exitCode: 0, stdout: 'saved 2 images\n', stderr: '' });
    expect(stages?.stdout).toMatch(/1 image is asked for\ndone: 1 image is served at 127\.0\.0\.1:\d+\n/);
  });

  it('refuses what is wrong when it is compiled', () => {
    // An error that is expected and does not come is told as one.
    expect(compiled).toMatchObject({ exitCode: 0, stdout: '' });
  });

  it('brings the command, and the schemas by name', async () => {
    const { version } = JSON.parse(await readFile('package.json', 'utf8'));
    expect(await outputOf('npx', ['--no-install', 'oci-save', '--version'], { cwd: project })).toBe(
      `${version}\n`,
    );
    await writeFile(
      path.join(project, 'schema.js'),
      `import schema from 'oci-save/lock.schema.json' with { type: 'json' };\nconsole.log(typeof schema.properties.images);\n`,
    );
    expect(await runThere('schema.js')).toMatchObject({ exitCode: 0, stdout: 'object\n' });
  });
});
