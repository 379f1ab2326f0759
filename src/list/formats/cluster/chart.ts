import { OciSaveError } from '../../../errors.ts';
import { formatReference, isReference, nameOf, parseReference } from '../../../oci/reference.ts';
import { type Collector, type Findings, newCollector, type ParseOptions } from '../../entry/findings.ts';
import { refusal } from '../../problems.ts';
import type { Origin, ParsedList } from '../../request.ts';
import { decodeList } from '../../syntax/decode.ts';
import { fieldOf, type Tree } from '../../syntax/tree.ts';
import { parseYamlTrees } from '../../syntax/yaml-tree.ts';
import { itemsOf } from '../fields.ts';
import { shownName } from '../image-text.ts';
import { EMPTY_VALUES, isDisabled, mergeValues, withGlobal, withoutKeys } from './chart-values.ts';
import { addAnnotatedImages } from './helm-chart.ts';
import { addValues } from './helm-values.ts';

/** The files of a chart that are read, by their paths in it: `Chart.yaml`, `charts/db/values.yaml`. */
export type ChartFiles = ReadonlyMap<string, Uint8Array>;

/** Charts inside of charts; Helm's own have two. */
export const MAX_CHART_DEPTH = 5;

/** Lines of the files are told apart by this distance: no list has so many. */
const FILE_LINES = 2 ** 24;

interface Scope {
  readonly files: ChartFiles;
  /** The names of the files that were read, in their order. */
  readonly names: string[];
  readonly collector: Collector;
}

/**
 * A chart: the images that its Chart.yaml lists are requests, its values are candidates. A subchart is read with the values
 * that its parents give it, and not at all where they switch it off. Templates are not rendered.
 * @param file the chart's path, before those of its files
 */
export function parseChart(files: ChartFiles, file: string, options: ParseOptions): ParsedList {
  const collector = newCollector(file, options);
  const scope: Scope = { files, names: [], collector };
  const chart = readTree('Chart.yaml', scope);
  addAnnotatedImages(file, chart, collector);
  addChart('', chart, readTree('values.yaml', scope), scope, 0);
  warnOfOtherTags(collector);
  collector.ignore('templates');
  return { format: 'helm-chart', ...placed(collector.found, file, scope.names) };
}

/** The YAML of a file, with lines that tell the file as well; empty where there is none or it cannot be read. */
function readTree(name: string, { files, names, collector }: Scope): Tree {
  const bytes = files.get(name);
  if (bytes === undefined) return EMPTY_VALUES;
  const base = names.push(name) * FILE_LINES;
  try {
    const { roots, problems } = parseYamlTrees(decodeList(bytes));
    for (const { line, reason } of problems) collector.addReject(base + line, refusal(reason));
    const [root] = problems.length === 0 ? roots : [];
    return root === undefined ? EMPTY_VALUES : shifted(root, base);
  } catch (error) {
    if (!(error instanceof OciSaveError)) throw error;
    collector.addReject(base + 1, error);
    return EMPTY_VALUES;
  }
}

function shifted(tree: Tree, base: number): Tree {
  const line = tree.line + base;
  if (tree.kind === 'scalar') return { ...tree, line };
  if (tree.kind === 'sequence')
    return { ...tree, line, items: tree.items.map((item) => shifted(item, base)) };
  const entries = tree.entries.map((entry) => ({
    key: entry.key,
    line: entry.line + base,
    value: shifted(entry.value, base),
  }));
  return { ...tree, line, entries };
}

/** Adds the values of a chart, and below it those of its subcharts. `folder` ends in a slash. */
function addChart(folder: string, chart: Tree, values: Tree, scope: Scope, depth: number): void {
  const { collector } = scope;
  const found = subchartsOf(folder, scope.files);
  const dependencies = [...itemsOf(chart, 'dependencies'), ...requirementsOf(folder, scope)];
  const used = new Set<string>();
  const keys = new Set<string>();
  for (const dependency of dependencies) {
    const name = textAt(dependency, 'name');
    const key = textAt(dependency, 'alias') || name;
    keys.add(key);
    const folders = found.filter((place) => nameOfChart(place, scope) === name);
    for (const place of folders) used.add(place);
    if (isDisabled(dependency, values)) collector.ignore(`subchart${shownName(key)}, which is disabled`);
    else if (folders.length === 0) {
      const reason = `the subchart${shownName(name)} is not in the chart: helm dependency build puts it there`;
      collector.addWarning(dependency.line, reason);
    } else for (const place of folders) addSubchart(place, key, values, scope, depth);
  }
  // Helm also loads charts that no dependency names.
  for (const place of found.filter((other) => !used.has(other))) {
    const name = nameOfChart(place, scope);
    keys.add(name);
    addSubchart(place, name, values, scope, depth);
  }
  addValues(withoutKeys(values, keys), { appVersion: textAt(chart, 'appVersion') || undefined }, collector);
}

function addSubchart(folder: string, key: string, parent: Tree, scope: Scope, depth: number): void {
  if (depth >= MAX_CHART_DEPTH) {
    scope.collector.ignore(`charts nested deeper than ${MAX_CHART_DEPTH}`);
    return;
  }
  const chart = readTree(`${folder}Chart.yaml`, scope);
  const own = readTree(`${folder}values.yaml`, scope);
  const values = withGlobal(mergeValues(own, fieldOf(parent, key)), parent);
  addChart(folder, chart, values, scope, depth + 1);
}

/** The folders of the charts in a chart. */
function subchartsOf(folder: string, files: ChartFiles): string[] {
  const charts = `${folder}charts/`;
  return [...files.keys()].flatMap((name) => {
    const inside = name.startsWith(charts) ? name.slice(charts.length) : '';
    return /^[^/]+\/Chart\.yaml$/.test(inside) ? [name.slice(0, -'Chart.yaml'.length)] : [];
  });
}

function nameOfChart(folder: string, { files }: Scope): string {
  const bytes = files.get(`${folder}Chart.yaml`);
  const text = bytes === undefined ? '' : new TextDecoder().decode(bytes);
  return /^name:\s*["']?([\w.-]+)/m.exec(text)?.[1] ?? folder.split('/').at(-2) ?? '';
}

/** Charts of Helm 2 have their dependencies in a file of their own. */
function requirementsOf(folder: string, scope: Scope): readonly Tree[] {
  return itemsOf(readTree(`${folder}requirements.yaml`, scope), 'dependencies');
}

/** Lists of images go stale: whoever changes a value forgets them. */
function warnOfOtherTags(collector: Collector): void {
  const { found } = collector;
  const listed = Map.groupBy(
    found.requests.flatMap(({ source }) => (source.transport === 'docker' ? [source.reference] : [])),
    nameOf,
  );
  for (const { text, origin } of found.candidates) {
    if (!isReference(text)) continue;
    const candidate = parseReference(text);
    const others = listed.get(nameOf(candidate)) ?? [];
    const [other] = others;
    if (other === undefined || others.some(({ tag }) => tag === candidate.tag)) continue;
    collector.addWarning(
      origin.line,
      `Chart.yaml lists ${formatReference(other)}, and the values have another tag`,
    );
  }
}

/** Findings with their files and lines, which were one number. */
function placed(found: Findings, chart: string, names: readonly string[]): Findings {
  const at = ({ line }: Origin): Origin => {
    const name = names[Math.floor(line / FILE_LINES) - 1];
    return { file: name === undefined ? chart : `${chart}/${name}`, line: line % FILE_LINES };
  };
  const place = <T extends { readonly origin: Origin }>(items: readonly T[]): T[] =>
    items.map((item) => ({ ...item, origin: at(item.origin) }));
  return {
    ...found,
    requests: place(found.requests),
    candidates: place(found.candidates),
    rejects: place(found.rejects),
    warnings: place(found.warnings),
  };
}

function textAt(tree: Tree, key: string): string {
  const value = fieldOf(tree, key);
  return value?.kind === 'scalar' ? value.text : '';
}
