import { parseArgs } from 'node:util';
import { parseList } from '../src/list/index.ts';
import { markdown, seconds } from './table.ts';

/**
 * How long lists of the greatest size that is read (16 MiB) take, and those of many entries in YAML and JSON, each in a
 * process that has read small ones before: `node bench/lists.ts [--rounds 3]`. Nothing but the parsers runs.
 */
const { values: given } = parseArgs({ options: { rounds: { type: 'string', default: '3' } } });
const rounds = Number(given.rounds);
const SIZE = 16 * 1024 * 1024;

/** Lines up to 16 MiB, of which the first ones are `first` with their number. */
function filled(lineAt: (at: number) => string): string {
  const lines: string[] = [];
  for (let size = 0, at = 0; size < SIZE - 200; at += 1) {
    const line = lineAt(at);
    lines.push(line);
    size += line.length;
  }
  return lines.join('');
}

const hex = (at: number): string => at.toString(16).padStart(64, '0');
const rows = (count: number, rowAt: (at: number) => string): string =>
  Array.from({ length: count }, (_, at) => rowAt(at)).join('');

const LISTS: readonly (readonly [name: string, text: string])[] = [
  [
    '16 MiB, a reference with a digest in each line',
    filled((at) => `registry.example:5000/team/app-${at}:v1.${at}@sha256:${hex(at)}\n`),
  ],
  [
    '16 MiB, 400,000 short lines',
    filled((at) => (at < 400_000 ? `quay.io/a/b-${at}:1.10\n` : `# ${'-'.repeat(100)}\n`)),
  ],
  [
    '16 MiB, pairs with platforms',
    filled(
      (at) =>
        `--platform=linux/amd64,linux/arm64 quay.io/team/app-${at}:v1 => registry.example/mirror/app-${at}\n`,
    ),
  ],
  [
    '7,500 rows of regsync, YAML',
    `version: 1\nsync:\n${rows(7500, (at) => `  - source: quay.io/team/app-${at}\n    target: registry.example/team/app-${at}\n    type: repository\n    tags:\n      allow: ["v1.*"]\n`)}`,
  ],
  [
    '7,500 entries of our own list, YAML',
    `images:\n${rows(7500, (at) => `  - image: quay.io/team/app-${at}\n    tags: [1.10, 2.0]\n    platforms: [linux/amd64]\n`)}`,
  ],
  [
    '100,000 entries of our own list, JSON',
    JSON.stringify(
      Array.from({ length: 100_000 }, (_, at) => ({
        image: `quay.io/team/app-${at}:1`,
        platforms: ['linux/amd64'],
      })),
    ),
  ],
];

const table = LISTS.map(([name, text]) => {
  const bytes = new TextEncoder().encode(text);
  const [taken, used]: [number[], number[]] = [[], []];
  let found = '';
  for (let round = 0; round < rounds; round += 1) {
    const [start, cpu] = [performance.now(), process.cpuUsage()];
    const { requests, tagRequests, rejects } = parseList(bytes, 'images', {
      format: 'auto',
      defaultRegistry: 'docker.io',
    });
    taken.push((performance.now() - start) / 1000);
    const { user, system } = process.cpuUsage(cpu);
    used.push((user + system) / 1e6);
    found = `${requests.length + tagRequests.length} / ${rejects.length}`;
  }
  return [
    name,
    (bytes.length / 1024 / 1024).toFixed(1),
    found,
    seconds(Math.min(...taken)),
    seconds(Math.min(...used)),
  ];
});
console.log(markdown(['list', 'MiB', 'entries / faults', 'min s', 'CPU s'], table));
