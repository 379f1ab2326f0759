import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { corpus } from '../test/support/corpus.ts';
import { pushImage } from '../test/support/push.ts';
import { startDockerRegistry } from '../test/support/servers/index.ts';
import { largeImages } from './large-images.ts';
import { startLine, type Traffic } from './line.ts';
import { type Measure, measure } from './measure.ts';
import { scale } from './scale.ts';
import { markdown, MB, median, megabytes, seconds } from './table.ts';
import { TOOLS } from './tools.ts';

/**
 * Saves a list of real images with this tool and its peers, in turn, from one registry behind one line: cold, then
 * again with nothing changed. `--rounds N`, `--rtt 0,80` (ms), `--rate 60` (MB/s a connection), `--no-scale`.
 */

const { values: given } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    rtt: { type: 'string', default: '0,80' },
    rate: { type: 'string', default: '60' },
    scale: { type: 'boolean', default: true },
  },
  allowNegative: true,
});
const rounds = Number(given.rounds);
const rate = Number(given.rate) * MB;

interface Run extends Measure, Traffic {}

const images = [...(await corpus()), ...largeImages()];
const sizes = new Map(
  images.flatMap(({ image }) => [...image.blobs].map(([digest, bytes]) => [digest, bytes.length] as const)),
);
const unique = [...sizes.values()].reduce((sum, size) => sum + size, 0);
const largest = Math.max(...sizes.values());

await using registry = await startDockerRegistry();
for (const { name, tag, image } of images) await pushImage(registry.target, `corpus/${name}`, image, tag);
const line = await startLine(registry.host);
const list = images.map(({ name, tag }) => `${line.host}/corpus/${name}:${tag}\n`).join('');
let failures = 0;

async function once(command: string, folder: string, roundTrip: number): Promise<Run> {
  await line.set({ roundTrip, bytesPerSecond: rate });
  const home = { HOME: folder, XDG_RUNTIME_DIR: folder, XDG_CACHE_HOME: folder };
  const measured = await measure(command, folder, home);
  if (measured.exitCode !== 0) failures += 1;
  return { ...measured, ...(await line.traffic()) };
}

const round = (value: Run[], read: (run: Run) => number): string =>
  `${seconds(Math.min(...value.map(read)))} / ${seconds(median(value.map(read)))}`;

function row(name: string, runs: Run[]): string[] {
  const [first] = runs;
  return [
    name,
    round(runs, (run) => run.seconds),
    seconds(median(runs.map(({ cpu }) => cpu))),
    megabytes(Math.max(...runs.map(({ memory }) => memory))),
    megabytes(Math.max(...runs.map((run) => run.largest))),
    megabytes(first?.bytes ?? 0),
    String(first?.requests ?? 0),
    String(first?.connections ?? 0),
  ];
}

const HEAD = [
  'tool',
  'seconds, min / median',
  'CPU s',
  'all MB',
  'largest process MB',
  'down MB',
  'requests',
  'connections',
];
const goals: string[] = [];

console.log(
  `${images.length} images, ${sizes.size} blobs, ${megabytes(unique)} MB unique, the largest ${megabytes(largest)} MB;`,
);
console.log(`${given.rate} MB/s a connection; ${rounds} rounds in changing order\n`);
for (const roundTrip of given.rtt.split(',').map(Number)) {
  const cold = new Map<string, Run[]>(TOOLS.map(({ name }) => [name, []]));
  const warm = new Map<string, Run[]>(TOOLS.map(({ name }) => [name, []]));
  for (let at = 0; at < rounds; at += 1) {
    // Another order each round: what the machine does beside it then falls on all.
    for (const tool of [...TOOLS.slice(at % TOOLS.length), ...TOOLS.slice(0, at % TOOLS.length)]) {
      const folder = await mkdtemp(path.join(tmpdir(), 'bench-'));
      await mkdir(folder, { recursive: true });
      await writeFile(path.join(folder, 'images.txt'), list);
      cold.get(tool.name)?.push(await once(tool.command(line.host), folder, roundTrip));
      warm.get(tool.name)?.push(await once(tool.command(line.host), folder, roundTrip));
      await rm(folder, { recursive: true, force: true });
    }
  }
  console.log(
    `## Cold, ${roundTrip} ms\n\n${markdown(
      HEAD,
      [...cold].map(([name, runs]) => row(name, runs)),
    )}\n`,
  );
  console.log(
    `## Again, nothing changed, ${roundTrip} ms\n\n${markdown(
      HEAD,
      [...warm].map(([name, runs]) => row(name, runs)),
    )}\n`,
  );
  judge(roundTrip, cold, warm);
}
if (given.scale) console.log(`## Synthetic images, no line\n\n${await scale()}\n`);
console.log(`## Goals\n\n${goals.join('\n')}`);
line.close();
process.exitCode = failures > 0 ? 1 : 0;

/** Unique bytes over the connections, never below the largest layer; and five round trips before the last byte. */
function judge(roundTrip: number, cold: Map<string, Run[]>, warm: Map<string, Run[]>): void {
  const best = (runs: Map<string, Run[]>, name: string): number =>
    Math.min(...(runs.get(name) ?? []).map((run) => run.seconds));
  const [direct, bySkopeo, xargs, crane] = TOOLS.map(({ name }) => best(cold, name));
  const connections = cold.get(TOOLS[0]?.name ?? '')?.[0]?.connections ?? 1;
  const limit = Math.max(unique / (rate * connections), largest / rate) + (5 * roundTrip) / 1000;
  const say = (goal: string, reached: boolean, figures: string): void =>
    void goals.push(`- ${reached ? 'reached' : 'NOT reached'}: ${goal} (${figures})`);
  const [d = 0, s = 0, x = 0, c = 0] = [direct, bySkopeo, xargs, crane];
  say(
    `direct within 1.5 x of the limit at ${roundTrip} ms`,
    d <= 1.5 * limit,
    `${seconds(d)} s against ${seconds(limit)} s`,
  );
  say(
    `direct ahead of both peers at ${roundTrip} ms`,
    d < Math.min(x, c),
    `${seconds(d)} s against ${seconds(x)} and ${seconds(c)} s`,
  );
  if (roundTrip > 0) {
    say(
      `skopeo as copier ahead of both peers at ${roundTrip} ms`,
      s < Math.min(x, c),
      `${seconds(s)} s against ${seconds(x)} and ${seconds(c)} s`,
    );
  }
  const [again] = warm.get(TOOLS[0]?.name ?? '') ?? [];
  const asked = again ? `${again.heads} HEADs in ${again.requests} requests` : '';
  say(
    `warm: one HEAD an image at ${roundTrip} ms`,
    again?.heads === images.length && again.requests - again.heads <= 1,
    asked,
  );
  const memory = Math.max(...(cold.get(TOOLS[0]?.name ?? '') ?? []).map((run) => run.largest));
  say(
    `resident memory of our process under 200 MB at ${roundTrip} ms`,
    memory < 200 * MB,
    `${megabytes(memory)} MB`,
  );
}
