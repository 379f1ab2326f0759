import { glob, stat } from 'node:fs/promises';
import path from 'node:path';
import { archiveNamed, lockOfArchive } from '../archive/index.ts';
import { lockFileIn } from '../bundle/index.ts';
import { OciSaveError, systemCodeOf } from '../errors.ts';
import { type Boundary, isInCheckout, liesInside } from '../files/index.ts';
import { encodeLock, type Lock } from '../lock/index.ts';
import { parseDotEnv } from './dot-env.ts';
import type { Variables } from './entry/variables.ts';
import { checkImageRules } from './entry/image-rules.ts';
import { checkDefaultRegistry } from './entry/source.ts';
import { type ChartFiles, parseChart } from './formats/cluster/chart.ts';
import { hasBareVariables, namedFormat } from './formats/formats.ts';
import { type ImageList, type JoinOptions, joinLists, type ListSurvey } from './join-lists.ts';
import { isListAddress, parseListAddress } from './list-address.ts';
import { parseInline, parseList, type ParseListOptions } from './parse-list.ts';
import { listError, type Problem } from './problems.ts';
import { keepInside, type Reach } from './read-boundary.ts';
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
import type { HeldPlace, NamedList } from './request.ts';

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
  const { boundary, storages = [] } = inputs;
  namedFormat(inputs.format);
  checkDefaultRegistry(inputs.defaultRegistry, 'the default registry');
  checkImageRules(inputs.imageRules ?? []);
  const confine = async (list: NamedList, namedBy: Reach['namedBy']): Promise<NamedList> =>
    boundary === undefined ? list : keepInside(list, { boundary, namedBy, storages });
  const lists: NamedList[] = [];
  const faults: Problem[] = [];
  for (const named of await namedFiles(inputs.files, faults)) {
    const read = await readNamed(named, inputs);
    if ('problem' in read) faults.push(read.problem);
    else lists.push(await confine(read.found, 'list'));
  }
  if (inputs.images.length > 0) {
    lists.push(await confine(parseInline(inputs.images, inputs), 'workflow'));
  }
  return joinLists([...lists, ...(inputs.lists ?? [])], faults, inputs);
}

/** One list: from standard input, from an address, or from what is at a path. */
async function readNamed(named: string, inputs: ListInputs): Promise<Found<NamedList>> {
  if (named === '-') return parseBytes(STDIN, await readStdin(inputs.stdin), inputs);
  if (!isListAddress(named)) return readPath(named, inputs);
  const address = parseListAddress(named);
  return parseBytes(address.file, await readAddress(address, inputs.fetchList), inputs);
}

/** What is at a path: a bundle's folder or archive, which give their lock, a chart's folder, or a file. */
async function readPath(named: string, inputs: ListInputs): Promise<Found<NamedList>> {
  const { boundary } = inputs;
  const foldersOf = (place: string): readonly string[] | undefined =>
    boundary !== undefined && isInCheckout(place, boundary) ? boundary.folders : undefined;
  const file = await lockOfBundle(named);
  const folders = foldersOf(file);
  const isFolder = mayBeChart(inputs) && (await kindOf(file)) === 'folder';
  const chart = isFolder ? await readChartFolder(file, folders) : undefined;
  if (chart !== undefined) return toChart(file, chart, inputs);
  const locked = await lockInArchive(named, folders);
  if ('problem' in locked) return locked;
  if (locked.found !== undefined) {
    const lock = { found: encodeLock(locked.found) };
    return parseBytes(file, lock, inputs, { held: { path: named, isArchive: true, folders } });
  }
  const held = file === named ? undefined : { path: named, isArchive: false, folders: foldersOf(named) };
  const bytes = await readFile(file, folders);
  if ('problem' in bytes && isFolder)
    return { problem: { ...bytes.problem, hint: bytes.problem.hint ?? FOLDER } };
  const list = await parseBytes(file, bytes, inputs, { held });
  if ('problem' in bytes || 'problem' in list || !mayHaveVariables(list.found, bytes.found)) return list;
  const env = await readFile(path.join(path.dirname(file), '.env'), folders);
  if (isAbsent(env)) return list;
  if ('problem' in env) return env;
  const besideFile = parseDotEnv(Buffer.from(env.found).toString('utf8'));
  return parseBytes(file, bytes, inputs, { held, besideFile });
}

/** What is known of a list beside its bytes. */
interface Surroundings {
  /** The variables of the `.env` in its folder. */
  readonly besideFile?: Variables['besideFile'];
  readonly held?: HeldPlace | undefined;
}

async function parseBytes(
  file: string,
  bytes: Found<Uint8Array>,
  inputs: ListInputs,
  { besideFile, held }: Surroundings = {},
): Promise<Found<NamedList>> {
  if ('problem' in bytes) return bytes;
  if (mayBeChart(inputs) && isCompressed(bytes.found))
    return toChart(file, await readChartArchive(bytes.found, file), inputs, besideFile);
  const variables = variablesOf(inputs, besideFile);
  const list = { file, ...parseList(bytes.found, file, { ...inputs, variables, held }) };
  for (const { password } of list.logins) inputs.onSecret?.(password.reveal());
  return { found: list };
}

function mayBeChart({ format }: Pick<ListInputs, 'format'>): boolean {
  return ['auto', 'helm-chart'].includes(format);
}

const DOLLAR = 0x24;

/** Whether the `.env` beside a list counts for it: without a dollar, nothing is to be filled. */
function mayHaveVariables({ format }: NamedList, bytes: Uint8Array): boolean {
  return hasBareVariables(format) && bytes.includes(DOLLAR);
}

function variablesOf({ variables }: ListInputs, besideFile?: Variables['besideFile']): Variables {
  return { given: new Map<string, string>(), ...variables, besideFile };
}

const FOLDER =
  'A folder is read where it is a bundle or a chart. A pattern gives the files in it: FOLDER/*.yaml. A list names an OCI layout: oci:FOLDER';

function toChart(
  file: string,
  read: Found<ChartFiles>,
  inputs: ListInputs,
  besideFile?: Variables['besideFile'],
): Found<NamedList> {
  if ('problem' in read) return read;
  const options = { ...inputs, variables: variablesOf(inputs, besideFile) };
  return { found: { file, ...parseChart(read.found, file, options) } };
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
