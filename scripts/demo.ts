import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startBadRegistry } from '../test/support/bad-registry.ts';
import { d2, idx, shared1, shared2 } from '../test/support/fixtures/index.ts';
import { ensureSkopeo } from './ensure-skopeo.ts';

/**
 * The main job on an embedded default: a small registry with images made from a few bytes, the real command with
 * the real skopeo, the bundle served, every image pulled back, and its digest compared with the source's.
 */

const CLI = path.resolve('dist/cli.js');

function say(text: string): void {
  console.log(`\n\u001B[1m${text}\u001B[0m`);
}

/** Runs the command and shows what it prints. */
function ociSave(args: readonly string[]): Promise<void> {
  console.log(`$ oci-save ${args.join(' ')}`);
  const child = spawn(process.execPath, [CLI, ...args], { stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`oci-save ended with ${code}`))));
  });
}

/** Starts `oci-save serve` and waits for the line with its address. */
async function startServing(bundle: string): Promise<{ address: string; stop: () => void }> {
  const child = spawn(process.execPath, [CLI, 'serve', bundle, '--listen', '127.0.0.1:0', '--quiet'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const address = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (line: Buffer) => resolve(line.toString().trim()));
    child.once('exit', (code) => reject(new Error(`oci-save serve ended with ${code}`)));
  });
  return { address, stop: () => child.kill('SIGTERM') };
}

/** Copies an image, all platforms, by skopeo, and returns the digest of what came. */
async function pull(skopeo: string, source: string, folder: string): Promise<string> {
  const args = [
    '--insecure-policy',
    'copy',
    '--quiet',
    '--all',
    '--preserve-digests',
    '--src-tls-verify=false',
    source,
    `dir:${folder}`,
  ];
  const { status, stderr } = spawnSync(skopeo, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`skopeo could not pull ${source}: ${stderr}`);
  const bytes = await readFile(path.join(folder, 'manifest.json'));
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

const skopeo = await ensureSkopeo();
const folder = await mkdtemp(path.join(tmpdir(), 'oci-save-demo-'));
const images = {
  'demo/base:1': shared1(),
  'demo/app:1': shared2(),
  'demo/web:2': idx(),
  'demo/legacy:1': d2(),
};
const registry = await startBadRegistry({ images });
try {
  const list = path.join(folder, 'images.txt');
  await writeFile(
    list,
    `# images of the demo\n${Object.keys(images)
      .map((name) => `${registry.host}/${name}\n`)
      .join('')}`,
  );

  say(`1. Save ${Object.keys(images).length} images from a registry at ${registry.host}`);
  const bundle = path.join(folder, 'bundle');
  const common = [
    '-f',
    list,
    '-p',
    'all',
    '-o',
    bundle,
    '--insecure-registries',
    registry.host,
    '--cache-dir',
    path.join(folder, 'store'),
  ];
  await ociSave(['save', ...common, '--archive', 'tar']);

  say('2. Save again: nothing changed, so nothing is fetched');
  await ociSave(['save', ...common]);

  say('3. Serve the bundle, pull every image back, compare digests');
  const server = await startServing(bundle);
  try {
    for (const [at, [name, image]] of Object.entries(images).entries()) {
      const stored = `${registry.host.replace(':', '_')}/${name}`;
      const digest = await pull(
        skopeo,
        `docker://${server.address}/${stored}`,
        path.join(folder, `pulled-${at}`),
      );
      if (digest !== image.top) throw new Error(`${name} came back as ${digest} instead of ${image.top}`);
      console.log(`  ${stored.padEnd(40)} ${digest.slice(0, 19)}  as its source`);
    }
  } finally {
    server.stop();
  }
  say('Done: every digest is the source’s.');
} finally {
  await registry.close();
  await rm(folder, { recursive: true, force: true });
}
