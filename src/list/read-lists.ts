import { glob, stat } from 'node:fs/promises';
import path from 'node:path';
import { archiveNamed, lockOfArchive } from '../archive/index.ts';
import { lockFileIn } from '../bundle/index.ts';
import { OciSaveError, systemCodeOf } from '../errors.ts';
import { type Boundary, isInCheckout, liesInside, OUTSIDE } from '../files/index.ts';
import { encodeLock, type Lock } from '../lock/index.ts';
import { quoteReference } from '../oci/reference-quote.ts';
import { asFlag, hint, option, spellHint } from '../text/hint.ts';
import { parseDotEnv } from './dot-env.ts';
import type { ParseOptions } from './entry/findings.ts';
import type { Variables } from './entry/variables.ts';
import { checkImageRules } from './entry/image-rules.ts';
import { checkDefaultRegistry } from './entry/source.ts';
import { type ChartFiles, parseChart } from './formats/cluster/chart.ts';
import { hasBareVariables, namedFormat } from './formats/formats.ts';
import { type ImageList, type JoinOptions, joinLists, type ListSurvey } from './join-lists.ts';
import { isListAddress, parseListAddress } from './list-address.ts';
import { parseInline, parseList, type ParseListOptions } from './parse-list.ts';
import { listError, type Problem } from './problems.ts';
import {
  type FetchList,
  type Found,
  isAbsent,
  readAddress,
  readFile,
  readStdin,
  STDIN,
} from './read-bytes.ts';
import { isCompressed, readChartArchive, readChartFolder } from './read-chart.ts';
import type { HeldPlace, ImageRequest, NamedList, Reject, StorageSource } from './request.ts';

/** The lists of a run, and how they are read. */
export interface ListInputs extends ParseListOptions, JoinOptions {
  /** References given inline, each an entry like a line of a plain list. */
  readonly images: readonly string[];
  /** Paths, globs, or `-` for `stdin`. */
  readonly files: readonly string[];
  readonly stdin?: AsyncIterable<Uint8Array> | undefined;
  /** For lists in an untrusted checkout: no link in it may lead a list or a source out of it. */
  readonly boundary?: Boundary | undefined;
  /** The transports of storages whose images a list in the checkout may name. Without a boundary, any. */
  readonly storages?: readonly string[] | undefined;
  /** For lists at addresses; without it they are refused. */
  readonly fetchList?: FetchList | undefined;
  /** Told of each password that a list has, before anything is said of the list. */
  readonly onSecret?: ((secret: string) => void) | undefined;
  /** Lists that were read before, with other options. */
  readonly lists?: readonly NamedList[] | undefined;
}

/**
 * Reads all lists of a run and joins them: files in the given order, a glob's in the order of their names, of a bundle's
 * folder its lock, a chart from its folder or archive, inline references after them, and last the lists that were read before. A file that is named twice is read once.
 * @throws OciSaveError `list` that names every missing file and every bad line of every list, with its reason;
 *   `usage` for an unknown format, an invalid default registry, or an address without its hash; what a server did that a list is
 *   fetched from
 */
export async function readLists(inputs: ListInputs): Promise<ImageList> {
  const { problems, origins: _, ...list } = await surveyLists(inputs);
  if (problems.length > 0) throw listError(problems);
  return list;
}

/**
 * Reads the same lists in order to show them: missing files and bad lines are data, beside what could be read.
 * @throws OciSaveError `usage` for an unknown format or an invalid default registry
 */
export async function surveyLists(inputs: ListInputs): Promise<ListSurvey> {
  const { boundary } = inputs;
  namedFormat(inputs.format);
  checkDefaultRegistry(inputs.defaultRegistry, 'the default registry');
  checkImageRules(inputs.imageRules ?? []);
  const lists: NamedList[] = [];
  const faults: Problem[] = [];
  for (const named of await namedFiles(inputs.files, faults)) {
    const read = await readNamed(named, inputs);
    if ('problem' in read) faults.push(read.problem);
    else lists.push(await keepInside(read.found, boundary, 'list', inputs.storages));
  }
  if (inputs.images.length > 0) {
    lists.push(await keepInside(parseInline(inputs.images, inputs), boundary, 'workflow'));
  }
  return joinLists([...lists, ...(inputs.lists ?? [])], faults, inputs);
}

/** Without one, nothing is to be filled. */
const DOLLAR = 0x24;

/** One list: from standard input, from an address, or from a file, whose `.env` counts where its format has one. */
async function readNamed(named: string, inputs: ListInputs): Promise<Found<NamedList>> {
  let held: HeldPlace | undefined;
  const parse = async (
    file: string,
    read: Found<Uint8Array>,
    besideFile?: Variables['besideFile'],
  ): Promise<Found<NamedList>> => {
    if ('problem' in read) return read;
    const variables = { given: new Map<string, string>(), ...inputs.variables, besideFile };
    if (mayBeChart && isCompressed(read.found)) {
      return toChart(file, await readChartArchive(read.found, file), { ...inputs, variables });
    }
    const list = { file, ...parseList(read.found, file, { ...inputs, variables, held }) };
    for (const { password } of list.logins) inputs.onSecret?.(password.reveal());
    return { found: list };
  };
  const mayBeChart = ['auto', 'helm-chart'].includes(inputs.format);
  if (named === '-') return parse(STDIN, await readStdin(inputs.stdin));
  if (isListAddress(named)) {
    const address = parseListAddress(named);
    return parse(address.file, await readAddress(address, inputs.fetchList));
  }
  const { boundary } = inputs;
  const foldersOf = (place: string): readonly string[] | undefined =>
    boundary !== undefined && isInCheckout(place, boundary) ? boundary.folders : undefined;
  const file = await lockOfBundle(named);
  if (file !== named) held = { path: named, isArchive: false, folders: foldersOf(named) };
  const folders = foldersOf(file);
  const isFolder = mayBeChart && (await kindOf(file)) === 'folder';
  const chart = isFolder ? await readChartFolder(file, folders) : undefined;
  if (chart !== undefined) {
    const variables = { given: new Map<string, string>(), ...inputs.variables };
    return toChart(file, chart, { ...inputs, variables });
  }
  const locked = await lockInArchive(named, folders);
  if ('problem' in locked) return locked;
  if (locked.found !== undefined) {
    held = { path: named, isArchive: true, folders };
    return parse(file, { found: encodeLock(locked.found) });
  }
  const bytes = await readFile(file, folders);
  if ('problem' in bytes && isFolder)
    return { problem: { ...bytes.problem, hint: bytes.problem.hint ?? FOLDER } };
  const list = await parse(file, bytes);
  if ('problem' in bytes || 'problem' in list || !hasBareVariables(list.found.format)) return list;
  if (!bytes.found.includes(DOLLAR)) return list;
  const env = await readFile(path.join(path.dirname(file), '.env'), folders);
  if (isAbsent(env)) return list;
  if ('problem' in env) return env;
  return parse(file, bytes, parseDotEnv(Buffer.from(env.found).toString('utf8')));
}

const FOLDER =
  'A folder is read where it is a bundle or a chart. A pattern gives the files in it: FOLDER/*.yaml. A list names an OCI layout: oci:FOLDER';

function toChart(file: string, read: Found<ChartFiles>, options: ParseOptions): Found<NamedList> {
  return 'problem' in read ? read : { found: { file, ...parseChart(read.found, file, options) } };
}

async function namedFiles(patterns: readonly string[], faults: Problem[]): Promise<Set<string>> {
  const files = new Set<string>();
  for (const pattern of patterns) {
    const named = pattern === '-' || isListAddress(pattern) ? { found: [pattern] } : await findLists(pattern);
    if ('problem' in named) faults.push(named.problem);
    else for (const file of named.found) files.add(file);
  }
  return files;
}

/** The lock of a bundle, where a path is that of its folder; the path itself, where it is anything else. */
async function lockOfBundle(named: string): Promise<string> {
  return (await kindOf(named)) === 'folder' ? ((await lockFileIn(named)) ?? named) : named;
}

/**
 * The lock of an archive of a bundle, which `N.tar`, one of its parts or `N.parts.json` names; undefined for any other file.
 * A tar that holds no bundle is none; a part or a list of parts belongs to one, and is a problem where it cannot be read. So
 * is what belongs to an archive and lies elsewhere than it may.
 */
async function lockInArchive(
  file: string,
  folders: readonly string[] | undefined,
): Promise<Found<Lock | undefined>> {
  const named = archiveNamed(file);
  if (named === undefined || (await kindOf(file)) !== 'file') return { found: undefined };
  if (folders !== undefined && !(await liesInside(file, folders))) return { found: undefined };
  try {
    return { found: await lockOfArchive(file, folders) };
  } catch (error) {
    if (!(error instanceof OciSaveError)) throw error;
    return named.isPart || error.code === 'local'
      ? { problem: { file, reason: error.message, hint: error.hint } }
      : { found: undefined };
  }
}

/**
 * The files that a path or glob names, a glob's in the order of their names. A path that exists is taken literally.
 * A pattern that matches nothing is a problem, never an empty list.
 */
async function findLists(pattern: string): Promise<Found<readonly string[]>> {
  if (!/[*?[{]/.test(pattern) || (await kindOf(pattern)) !== 'nothing') return { found: [pattern] };
  const files: string[] = [];
  for await (const file of glob(pattern)) {
    // A dangling link stays, and is reported when it is read.
    if ((await kindOf(file)) !== 'folder') files.push(file);
  }
  if (files.length > 0) return { found: files.sort() };
  return {
    problem: { file: pattern, reason: 'no file matches this pattern', hint: 'Check it and the folder.' },
  };
}

async function kindOf(file: string): Promise<'folder' | 'file' | 'nothing'> {
  try {
    return (await stat(file)).isDirectory() ? 'folder' : 'file';
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error;
    return 'nothing';
  }
}

/**
 * Rejects the local sources of a list outside a boundary: they name files, or images of the machine's own storages, and a
 * list may be untrusted. A source that the workflow itself names may lie anywhere, unless its path as written is in the
 * checkout.
 */
async function keepInside(
  list: NamedList,
  boundary: Boundary | undefined,
  namedBy: 'list' | 'workflow',
  storages: readonly string[] = [],
): Promise<NamedList> {
  if (boundary === undefined) return list;
  const requests: ImageRequest[] = [];
  const rejects: Reject[] = [...list.rejects];
  for (const request of list.requests) {
    const { source, written, origin, held } = request;
    if (source.transport === 'docker' && held === undefined) requests.push(request);
    else if (held !== undefined) {
      if (
        namedBy === 'workflow' ||
        !isInCheckout(held.path, boundary) ||
        (await liesInside(held.path, boundary.folders))
      )
        requests.push(request);
      else rejects.push({ text: quoteReference(written) ?? '', origin, reason: OUTSIDE.reason, ...HINTS });
    } else if (source.transport === 'docker') requests.push(request);
    else if (!('path' in source)) {
      if (namedBy === 'workflow' || storages.includes(source.transport)) requests.push(request);
      else rejects.push({ text: quoteReference(written) ?? '', origin, ...strangersStorage(source) });
    } else if (namedBy === 'workflow' && !isInCheckout(source.path, boundary)) requests.push(request);
    else if (await liesInside(source.path, boundary.folders)) {
      requests.push({ ...request, source: { ...source, folders: boundary.folders } });
    } else {
      rejects.push({ text: quoteReference(written) ?? '', origin, reason: OUTSIDE.reason, ...HINTS });
    }
  }
  return { ...list, requests, rejects: rejects.toSorted((a, b) => a.origin.line - b.origin.line) };
}

/** A self-hosted runner has images of other people in its storages. */
function strangersStorage({ transport }: StorageSource): Pick<Reject, 'reason' | 'hint' | 'hintParts'> {
  const parts = hint`Let lists name them with ${option('source', `remote,${transport}`)}, or name the image in the workflow, by ${option('images')}.`;
  return {
    reason: `a list in the checkout may not name images of ${transport}: whoever wrote it may be a stranger`,
    hint: spellHint(parts, asFlag),
    hintParts: parts,
  };
}

const HINT = hint`A list can only name files in these two. Name a file elsewhere in the workflow, by ${option('images')}.`;

const HINTS = { hint: spellHint(HINT, asFlag), hintParts: HINT };
