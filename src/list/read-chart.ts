import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { readTar, type ReadEntry, TarFault } from '../archive/index.ts';
import { systemCodeOf } from '../errors.ts';
import { type ChartFiles, MAX_CHART_DEPTH } from './formats/cluster/chart.ts';
import type { Problem } from './problems.ts';
import { type Found, isAbsent, readFile } from './read-bytes.ts';
import { MAX_LIST_BYTES } from './syntax/lines.ts';

/** The files of a chart that say what its images are. */
const FILES = new Set(['Chart.yaml', 'values.yaml', 'requirements.yaml']);

/** Of all that is read of a chart together; its values are a few hundred KiB. */
const MAX_CHART_BYTES = 2 * MAX_LIST_BYTES;
/** Of all unpacked archives of a chart together: what is not read has to be passed over. */
const MAX_UNPACKED_BYTES = 16 * MAX_LIST_BYTES;
const MAX_SUBCHARTS = 200;

/** Whether bytes are compressed by gzip, as the archives of charts are. */
export function isCompressed(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** What is read of a chart, bounded. */
interface Gathered {
  readonly files: Map<string, Uint8Array>;
  readonly chart: string;
  size: number;
  /** Charts that were looked at, whether they have files or not: links may lead around in a circle. */
  charts: number;
  /** Bytes that came out of all archives, those inside of others counted as well. */
  unpacked: number;
}

/** A chart cannot be read. */
class ChartFault extends Error {
  override readonly name = 'ChartFault';
}

/** The files of a chart in a folder; undefined where the folder is something else. */
export async function readChartFolder(
  folder: string,
  folders?: readonly string[],
): Promise<Found<ChartFiles> | undefined> {
  const first = await readFile(path.join(folder, 'Chart.yaml'), folders);
  if (isAbsent(first)) return undefined;
  if ('problem' in first) return first;
  return gathered(folder, (into) => addFolder(folder, '', into, folders, 0));
}

function countChart(into: Gathered): void {
  into.charts += 1;
  // The chart itself is none of them.
  if (into.charts > MAX_SUBCHARTS + 1) throw new ChartFault(`it has more than ${MAX_SUBCHARTS} subcharts`);
}

/** The files of a chart in an archive (`helm package`). */
export async function readChartArchive(bytes: Uint8Array, file: string): Promise<Found<ChartFiles>> {
  return gathered(file, (into) => addArchive(bytes, '', into, 0));
}

async function gathered(chart: string, add: (into: Gathered) => Promise<void>): Promise<Found<ChartFiles>> {
  const into: Gathered = { files: new Map(), chart, size: 0, charts: 0, unpacked: 0 };
  const problem = (reason: string): { problem: Problem } => ({ problem: { file: chart, reason } });
  try {
    await add(into);
  } catch (error) {
    if (error instanceof ChartFault) return problem(error.message);
    if (error instanceof TarFault) return problem(`it is not an archive of a chart: ${error.message}`);
    const code = systemCodeOf(error);
    if (code === undefined) throw error;
    return problem(code.startsWith('Z_') ? 'its compression is damaged' : `it cannot be read (${code})`);
  }
  if (into.files.has('Chart.yaml')) return { found: into.files };
  return problem('it is a compressed file, and has no Chart.yaml: only charts are read so');
}

async function addFolder(
  folder: string,
  prefix: string,
  into: Gathered,
  folders: readonly string[] | undefined,
  depth: number,
): Promise<void> {
  countChart(into);
  for (const name of FILES) {
    const read = await readFile(path.join(folder, name), folders);
    if (isAbsent(read)) continue;
    if ('problem' in read) throw new ChartFault(`${prefix}${name}: ${read.problem.reason}`);
    keep(`${prefix}${name}`, read.found, into);
  }
  if (depth >= MAX_CHART_DEPTH) return;
  const charts = await namesIn(path.join(folder, 'charts'));
  for (const name of charts.toSorted()) {
    const place = path.join(folder, 'charts', name);
    const inside = `${prefix}charts/${name}/`;
    if (!name.endsWith('.tgz')) await addFolder(place, inside, into, folders, depth + 1);
    else {
      const read = await readFile(place, folders);
      if ('problem' in read) throw new ChartFault(`charts/${name}: ${read.problem.reason}`);
      await addArchive(read.found, inside, into, depth + 1);
    }
  }
}

/** The names of what can be a chart in a folder; none where there is no such folder. */
async function namesIn(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter((entry) => !entry.isFile() || entry.name.endsWith('.tgz')).map(({ name }) => name);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCodeOf(error) ?? '')) return [];
    throw error;
  }
}

/** An archive has one folder at its top, with the chart's name. */
async function addArchive(bytes: Uint8Array, prefix: string, into: Gathered, depth: number): Promise<void> {
  countChart(into);
  for await (const entry of readTar(unpacked(bytes, into))) {
    const [, ...parts] = entry.path.split('/');
    const name = parts.join('/');
    const isArchive = /^(?:charts\/[^/]+\/)*charts\/[^/]+\.tgz$/.test(name);
    const isFile = /^(?:charts\/[^/]+\/)*[^/]+$/.test(name) && FILES.has(parts.at(-1) ?? '');
    if (entry.kind !== 'file' || (!isFile && !isArchive)) continue;
    const content = await bodyOf(entry);
    if (isFile) keep(`${prefix}${name}`, content, into);
    else if (depth < MAX_CHART_DEPTH) await addArchive(content, `${prefix}${name}/`, into, depth + 1);
  }
}

async function* unpacked(bytes: Uint8Array, into: Gathered): AsyncGenerator<Uint8Array> {
  const stream = Readable.from([Buffer.from(bytes)]).pipe(createGunzip());
  for await (const chunk of stream) {
    if (!(chunk instanceof Uint8Array)) continue;
    into.unpacked += chunk.length;
    if (into.unpacked > MAX_UNPACKED_BYTES) throw new ChartFault('unpacked it is larger than 256 MiB');
    yield chunk;
  }
}

async function bodyOf({ size, body, path: name }: ReadEntry): Promise<Uint8Array> {
  if (size > MAX_LIST_BYTES) throw new ChartFault(`${path.basename(name)} in it is larger than 16 MiB`);
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function keep(name: string, bytes: Uint8Array, into: Gathered): void {
  into.size += bytes.length;
  if (into.size > MAX_CHART_BYTES) throw new ChartFault('its Chart.yaml and values are larger than 32 MiB');
  if (into.files.size > 3 * MAX_SUBCHARTS)
    throw new ChartFault(`it has more than ${MAX_SUBCHARTS} subcharts`);
  into.files.set(name, bytes);
}
