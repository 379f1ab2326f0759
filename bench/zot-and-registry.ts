import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { ACCEPTED_MANIFESTS } from '../src/oci/media-type.ts';
import { corpus } from '../test/support/corpus.ts';
import { outputOf } from '../test/support/program.ts';
import { pushImage } from '../test/support/push.ts';
import { startDockerRegistry } from '../test/support/servers/index.ts';
import { barChart } from './bars.ts';
import { largeImages } from './large-images.ts';
import { type Server, type ServerKind, SERVERS } from './registry-server.ts';
import { markdown, MB } from './table.ts';

/**
 * One bundle of real images, served by zot as it stands, and by docker-registry after a push: `node
 * bench/zot-and-registry.ts`. Prints a table, and writes a chart with `--chart FILE`. Options: `--rounds 3`, `--pulls 8`.
 */
const { values: given } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    pulls: { type: 'string', default: '8' },
    chart: { type: 'string' },
  },
});
const CLI = path.resolve('dist/cli.js');
const folder = await mkdtemp(path.join(tmpdir(), 'bench-registries-'));

const oci = (...args: readonly string[]): Promise<string> =>
  outputOf(process.execPath, [CLI, ...args, '--quiet'], {
    cwd: folder,
    env: { HOME: folder, XDG_CACHE_HOME: folder, XDG_RUNTIME_DIR: folder },
  });

const manifestSchema = z.looseObject({
  manifests: z.array(z.looseObject({ digest: z.string() })).default([]),
  layers: z.array(z.looseObject({ digest: z.string() })).default([]),
  config: z.looseObject({ digest: z.string() }).optional(),
});

interface Figures {
  /** From the unpacked bundle to the first answer for an image. */
  ready: number;
  start: number;
  pulls: number;
  push: number;
  again: number;
  bundleDisk: number;
  pushedDisk: number;
  memory: number;
}

try {
  const names = await makeBundle();
  const rounds = new Map<string, Figures[]>(SERVERS.map(({ name }) => [name, []]));
  let bytes = 0;
  for (let at = 0; at < Number(given.rounds); at += 1) {
    for (const kind of at % 2 === 0 ? SERVERS : SERVERS.toReversed()) {
      const { figures, pulled } = await once(kind, names);
      rounds.get(kind.name)?.push(figures);
      bytes = pulled;
    }
  }
  await tell(rounds, names, bytes);
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** The names of its images as a registry has them. */
async function makeBundle(): Promise<string[]> {
  await using registry = await startDockerRegistry();
  const images = [...(await corpus()), ...largeImages()];
  for (const { name, tag, image } of images) await pushImage(registry.target, `corpus/${name}`, image, tag);
  const lines = images.map(({ name, tag }) => `${registry.host}/corpus/${name}:${tag} => app/${name}:${tag}`);
  await writeFile(path.join(folder, 'images.txt'), lines.join('\n'));
  await oci('save', '-f', 'images.txt', '-p', 'all', '-o', 'bundle', '--insecure-registries', registry.host);
  return images.map(({ name, tag }) => `docker.io/app/${name}:${tag}`);
}

async function once(
  kind: ServerKind,
  names: readonly string[],
): Promise<{ readonly figures: Figures; readonly pulled: number }> {
  const empty = path.join(folder, 'empty');
  await mkdir(empty);
  const filled = await kind.start(empty, 'pushes');
  const push = (to: Server): Promise<number> =>
    timed(() => oci('push', 'bundle', to.host, '--insecure-registries', to.host));
  const first = await push(filled);
  const again = await push(filled);
  await filled.stop();
  const pushedDisk = await diskOf(empty);
  // zot has the bundle's own folder; a registry of another tree what was pushed.
  const isZot = kind.name === 'zot';
  const root = isZot ? path.join(folder, 'bundle/registry') : empty;
  const server = await kind.start(root, isZot ? 'bundle' : 'pushes');
  const began = performance.now();
  await pull(server, names.slice(0, 1));
  const firstAnswer = (performance.now() - began) / 1000;
  let pulled = 0;
  const pulls = await timed(async () => {
    const all = await Promise.all(Array.from({ length: Number(given.pulls) }, () => pull(server, names)));
    pulled = all.reduce((sum, count) => sum + count, 0);
  });
  const memory = server.memory();
  await server.stop();
  const bundleDisk = isZot ? 0 : pushedDisk;
  await rm(empty, { recursive: true });
  const ready = server.seconds + firstAnswer + (isZot ? 0 : filled.seconds + first);
  const figures = { ready, start: server.seconds, pulls, push: first, again, bundleDisk, pushedDisk, memory };
  return { figures, pulled };
}

/** Pulls all of the images one after the other, as a node does. The bytes that came. */
async function pull(server: Server, names: readonly string[]): Promise<number> {
  let bytes = 0;
  const get = async (place: string): Promise<Buffer> => {
    const response = await fetch(`http://${server.host}/v2/${place}`, {
      headers: { accept: ACCEPTED_MANIFESTS.join() },
    });
    if (response.status !== 200) throw new Error(`${place}: ${response.status}`);
    const body = Buffer.from(await response.arrayBuffer());
    bytes += body.length;
    return body;
  };
  for (const name of names) {
    const [repository = '', tag = ''] = name.split(':');
    const queue = [tag];
    const seen = new Set<string>();
    for (let reference = queue.pop(); reference !== undefined; reference = queue.pop()) {
      const text = (await get(`${repository}/manifests/${reference}`)).toString();
      const { manifests, layers, config } = manifestSchema.parse(JSON.parse(text));
      queue.push(...manifests.map(({ digest }) => digest));
      for (const { digest } of [...layers, ...(config === undefined ? [] : [config])]) {
        if (seen.has(digest)) continue;
        seen.add(digest);
        await get(`${repository}/blobs/${digest}`);
      }
    }
  }
  return bytes;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}

async function diskOf(root: string): Promise<number> {
  return 1024 * Number((await outputOf('du', ['-sk', root])).split('\t')[0]);
}

async function tell(
  rounds: ReadonlyMap<string, readonly Figures[]>,
  names: readonly string[],
  bytes: number,
): Promise<void> {
  const least = (name: string, read: (figures: Figures) => number): number =>
    Math.min(...(rounds.get(name) ?? []).map(read));
  const seconds = (value: number): string => `${value < 1 ? value.toFixed(2) : value.toFixed(1)} s`;
  const mb = (value: number): string => `${(value / MB).toFixed(0)} MB`;
  const rows: readonly [
    title: string,
    read: (figures: Figures) => number,
    text: (value: number) => string,
  ][] = [
    ['from the bundle to the first pull', ({ ready }) => ready, seconds],
    ['start', ({ start }) => start, seconds],
    [`${given.pulls} pulls of all images at once`, ({ pulls }) => pulls, seconds],
    ['push of all into an empty one', ({ push }) => push, seconds],
    ['push again', ({ again }) => again, seconds],
    ['disk beside the bundle', ({ bundleDisk }) => bundleDisk, mb],
    ['disk after a push', ({ pushedDisk }) => pushedDisk, mb],
    ['memory after the pulls', ({ memory }) => memory, mb],
  ];
  const kinds = SERVERS.map(({ name }) => name);
  console.log(`${names.length} images; ${mb(bytes)} pulled; the least of ${given.rounds} rounds\n`);
  const cells = rows.map(([title, read, text]) => [title, ...kinds.map((name) => text(least(name, read)))]);
  console.log(markdown(['', ...kinds], cells));
  if (given.chart === undefined) return;
  const bars = rows.map(([title, read, text]) => ({
    title,
    values: kinds.map((name) => ({ name, value: least(name, read), text: text(least(name, read)) })),
  }));
  await writeFile(given.chart, barChart('zot and docker-registry over one bundle', bars));
}
