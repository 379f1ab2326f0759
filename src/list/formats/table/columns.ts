import { parsePlatformChoice, type PlatformChoice } from '../../../oci/platform.ts';
import { namesRegistry } from '../../../oci/reference.ts';
import type { EntryParts } from '../../entry/entry.ts';
import type { Collector } from '../../entry/findings.ts';
import { isLocalSource } from '../../entry/source.ts';
import { refusal } from '../../problems.ts';
import type { ListDocument } from '../../syntax/document.ts';
import { type Line, MAX_LINE } from '../../syntax/lines.ts';
import { warnOfUnverified } from '../users.ts';
import {
  ARCHITECTURE_COLUMNS,
  DIGEST_COLUMNS,
  type Header,
  IMAGE_COLUMNS,
  isUsedColumn,
  PLATFORM_COLUMNS,
  readHeader,
  splitCells,
  TAG_COLUMNS,
  TARGET_COLUMNS,
} from './cells.ts';

/** A header row with an image's column, or three columns per row with a tag as the last one. */
export function isTable({ lines }: ListDocument): boolean {
  if (readHeader(lines[0]) !== undefined) return true;
  return lines.length > 0 && lines.every(({ text }) => tagRow(text) !== undefined);
}

/**
 * A table of images: CSV, or with semicolons or tabs, with a header that names its columns, as the CASE files of IBM have
 * it; or the rows `source target tag` of hangar's and of Rancher's lists.
 */
export function parseColumns({ lines }: ListDocument, collector: Collector): void {
  const header = readHeader(lines[0]);
  if (header === undefined) addTagRows(lines, collector);
  else {
    for (const name of header.names) if (!isUsedColumn(name)) collector.ignore(`the column ${name}`);
    const told = new Set<string>();
    for (const line of lines.slice(1)) {
      if (collector.stopsAt(line.number)) return;
      addRow(line, header, told, collector);
    }
  }
}

/** The cell of the first of some columns that is there and not empty. */
type Row = (names: readonly string[]) => string | undefined;

/** `told` are registries of which a warning has been added. */
function addRow(
  { number, text }: Line,
  { names, separator }: Header,
  told: Set<string>,
  collector: Collector,
): void {
  if (text.length > MAX_LINE) {
    collector.addReject(number, refusal(`this row is longer than ${MAX_LINE} characters`));
    return;
  }
  const cells = splitCells(text, separator);
  if (cells === undefined || cells.length > names.length) {
    const reason =
      cells === undefined
        ? 'a quote of this row is not closed'
        : `this row has ${cells.length} cells, and the header ${names.length}`;
    collector.addReject(number, refusal(reason));
    return;
  }
  const row: Row = (wanted) =>
    wanted.map((name) => cells[names.indexOf(name)]).find((cell) => cell !== undefined && cell !== '');
  const source = row(IMAGE_COLUMNS);
  if (source === undefined) {
    collector.addReject(number, refusal('this row does not name an image'));
    return;
  }
  const name = withRegistry(withRepository(source, row), row(['registry']));
  const registry = row(['registry']) ?? name.replace(/\/.*$/s, '');
  if (/^(?:1|true|yes)$/i.test(row(['insecure']) ?? '') && !told.has(registry)) {
    told.add(registry);
    warnOfUnverified(collector, number, registry);
  }
  collector.addEntry(number, name, () => partsOf(name, row));
}

/** `repository,image`: the image is the last part of its name where it has no path itself. */
function withRepository(source: string, row: Row): string {
  const repository = row(['repository']);
  if (repository === undefined || repository === source || source.includes('/')) return source;
  return `${repository}/${source}`;
}

function withRegistry(name: string, registry: string | undefined): string {
  if (registry === undefined || namesRegistry(name)) return name;
  return `${registry.replace(/\/$/, '')}/${name}`;
}

function partsOf(name: string, row: Row): EntryParts {
  if (isLocalSource(name)) throw refusal('an image of this format comes from a registry');
  const tag = row(TAG_COLUMNS);
  const digest = row(DIGEST_COLUMNS);
  const target = row(TARGET_COLUMNS);
  return {
    source: withTag(name, tag),
    pin: digest === undefined || digest.includes(':') ? digest : `sha256:${digest}`,
    platforms: platformsOf(row),
    storedAs: target === undefined ? [] : [target],
  };
}

function withTag(name: string, tag: string | undefined): string {
  if (tag === undefined) return name;
  const [bare = '', digest] = name.split('@');
  const written = /:([^:/]*)$/.exec(bare)?.[1];
  if (written === tag) return name;
  if (written !== undefined) throw refusal('the reference and the column of tags name different tags');
  return digest === undefined ? `${name}:${tag}` : `${bare}:${tag}@${digest}`;
}

/** Several in a cell are separated by `;`, `|`, a comma or a blank. */
function platformsOf(row: Row): PlatformChoice | undefined {
  const platforms = listOf(row(PLATFORM_COLUMNS));
  if (platforms.length > 0) return parsePlatformChoice(platforms.join(','));
  const architectures = listOf(row(ARCHITECTURE_COLUMNS));
  if (architectures.length === 0) return undefined;
  const [os, variant] = [row(['os']) ?? 'linux', row(['variant'])];
  const named = architectures.map((architecture) =>
    architecture.includes('/')
      ? architecture
      : [os, architecture, ...(variant === undefined ? [] : [variant])].join('/'),
  );
  return parsePlatformChoice(named.join(','));
}

function listOf(cell: string | undefined): readonly string[] {
  return cell?.split(/[;|,\s]+/).filter((word) => word !== '') ?? [];
}

interface TagRow {
  readonly source: string;
  readonly target: string;
  readonly tag: string;
}

/** `docker.io/acme/web mirror/web 1.2`. */
function tagRow(line: string): TagRow | undefined {
  if (line.length > 1000) return undefined;
  const [source = '', target = '', tag = '', ...more] = line.trim().split(/\s+/);
  const isRow =
    more.length === 0 &&
    [source, target].every((name) => /^[\w.-]+(?::\d+)?\/[\w./-]+$/.test(name)) &&
    /^\w[\w.-]*$/.test(tag);
  return isRow ? { source, target, tag } : undefined;
}

/** A target without a registry is the name of an image (`rancher/mirrored-pause`); others are places to push to. */
function addTagRows(lines: readonly Line[], collector: Collector): void {
  for (const { number, text } of lines) {
    if (collector.stopsAt(number)) return;
    const row = tagRow(text);
    if (row === undefined) {
      collector.addReject(number, refusal('this row does not have the columns source, target and tag'));
      continue;
    }
    const { source, target, tag } = row;
    const isPlace = namesRegistry(target);
    if (isPlace) collector.ignore('targets');
    collector.addEntry(number, source, () => ({
      source: `${source}:${tag}`,
      storedAs: isPlace ? [] : [target],
    }));
  }
}
