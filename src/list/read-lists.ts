import { glob, stat } from 'node:fs/promises';
import { lockFileIn } from '../bundle/index.ts';
import { systemCodeOf } from '../errors.ts';
import { type Boundary, isInCheckout, liesInside, openRegular, OUTSIDE } from '../files/index.ts';
import { quoteReference } from '../oci/reference-quote.ts';
import { LOCK_FILE_KIND, MAX_LOCK_BYTES } from '../lock/index.ts';
import { asFlag, hint, option, spellHint } from '../text/hint.ts';
import { checkDefaultRegistry } from './entry/source.ts';
import { namedFormat } from './formats/formats.ts';
import { type ImageList, type JoinOptions, joinLists, type ListSurvey } from './join-lists.ts';
import { parseInline, parseList, type ParseListOptions } from './parse-list.ts';
import { listError, type Problem } from './problems.ts';
import type { ImageRequest, NamedList, Reject } from './request.ts';

/** The lists of a run, and how they are read. */
export interface ListInputs extends ParseListOptions, JoinOptions {
  /** References given inline, each an entry like a line of a plain list. */
  readonly images: readonly string[];
  /** Paths, globs, or `-` for `stdin`. */
  readonly files: readonly string[];
  readonly stdin?: AsyncIterable<Uint8Array> | undefined;
  /** For lists in an untrusted checkout: no link in it may lead a list or a source out of it. */
  readonly boundary?: Boundary | undefined;
  /** Lists that were read before, with other options. */
  readonly lists?: readonly NamedList[] | undefined;
}

/** How messages name the list from standard input. */
const STDIN = 'stdin';

/**
 * Reads all lists of a run and joins them: files in the given order, a glob's in the order of their names, of a bundle's
 * folder its lock, inline references after them, and last the lists that were read before. A file that is named twice is read once.
 * @throws OciSaveError `list` that names every missing file and every bad line of every list, with its reason;
 *   `usage` for an unknown format or an invalid default registry
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
  const lists: NamedList[] = [];
  const faults: Problem[] = [];
  for (const named of await namedFiles(inputs.files, faults)) {
    const file = named === '-' ? STDIN : await lockOfBundle(named);
    const folders = boundary !== undefined && isInCheckout(file, boundary) ? boundary.folders : undefined;
    const read = named === '-' ? await readStdin(inputs.stdin) : await readList(file, folders);
    if ('problem' in read) faults.push(read.problem);
    else lists.push(await keepInside({ file, ...parseList(read.found, file, inputs) }, boundary, 'list'));
  }
  if (inputs.images.length > 0) {
    lists.push(await keepInside(parseInline(inputs.images, inputs), boundary, 'workflow'));
  }
  return joinLists([...lists, ...(inputs.lists ?? [])], faults, inputs);
}

async function namedFiles(patterns: readonly string[], faults: Problem[]): Promise<Set<string>> {
  const files = new Set<string>();
  for (const pattern of patterns) {
    const named = pattern === '-' ? { found: [pattern] } : await findLists(pattern);
    if ('problem' in named) faults.push(named.problem);
    else for (const file of named.found) files.add(file);
  }
  return files;
}

/** The lock of a bundle, where a path is that of its folder; the path itself, where it is anything else. */
async function lockOfBundle(named: string): Promise<string> {
  return (await kindOf(named)) === 'folder' ? ((await lockFileIn(named)) ?? named) : named;
}

async function readStdin(stdin: AsyncIterable<Uint8Array> | undefined): Promise<Found<Uint8Array>> {
  if (stdin !== undefined) return gather(STDIN, stdin);
  return { problem: { file: STDIN, reason: 'there is no standard input to read a list from' } };
}

const MIB = 1024 * 1024;

/** Bytes by which a lock is recognised. */
const START_BYTES = 1000;

/** Far more than any list that people write or generate; YAML of that size takes seconds. */
const MAX_LIST_BYTES = 16 * MIB;

type Found<T> = { readonly found: T } | { readonly problem: Problem };

/**
 * The files that a path or glob names, a glob's in the order of their names. A path that exists is taken literally.
 * A pattern that matches nothing is a problem, never an empty list.
 */
async function findLists(pattern: string): Promise<Found<readonly string[]>> {
  if (!/[*?[{]/.test(pattern) || (await kindOf(pattern)) !== 'nothing') return { found: [pattern] };
  const files: string[] = [];
  for await (const path of glob(pattern)) {
    // A dangling link stays, and is reported when it is read.
    if ((await kindOf(path)) !== 'folder') files.push(path);
  }
  if (files.length > 0) return { found: files.sort() };
  return {
    problem: { file: pattern, reason: 'no file matches this pattern', hint: 'Check it and the folder.' },
  };
}

async function kindOf(path: string): Promise<'folder' | 'file' | 'nothing'> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'file';
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error;
    return 'nothing';
  }
}

/**
 * A regular file's bytes, as far as `gather` reads.
 * @param folders real folders that it must lie in, links followed; anywhere, where they are left out
 */
async function readList(path: string, folders?: readonly string[]): Promise<Found<Uint8Array>> {
  try {
    const opened = await openRegular(path, folders);
    if (!('handle' in opened)) {
      const { reason, isStream } = opened;
      return { problem: { file: path, reason, hint: isStream ? PIPED : opened.hint } };
    }
    // Leaving the loop early closes the file.
    return await gather(path, opened.handle.createReadStream({ highWaterMark: 256 * 1024 }));
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === undefined) throw error;
    return { problem: { file: path, reason: REASONS.get(code) ?? `it cannot be read (${code})` } };
  }
}

const PIPED = hint`A pipe is read from standard input: give - as ${option('imageList')}.`;

const REASONS = new Map([
  ['ENOENT', 'there is no such file'],
  ['EACCES', 'this user may not read it'],
]);

/** The bytes of a stream; reading stops after 16 MiB, of a lock as we write it after 256 MiB. */
async function gather(file: string, stream: AsyncIterable<Uint8Array>): Promise<Found<Uint8Array>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  let most = MAX_LIST_BYTES;
  for await (const chunk of stream) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > most && most < MAX_LOCK_BYTES) {
      const start = Buffer.concat(chunks).subarray(0, START_BYTES);
      if (LOCK_FILE_KIND.matches(start, false)) most = MAX_LOCK_BYTES;
    }
    if (size > most) {
      const reason = `it is larger than ${most / MIB} MiB, which no list is`;
      return { problem: { file, reason, hint: 'Split the list.' } };
    }
  }
  return { found: Buffer.concat(chunks) };
}

/**
 * Rejects the local sources of a list outside a boundary: `docker-archive:` and `oci:` name files, and a list may be
 * untrusted. A source that the workflow itself names may lie anywhere, unless its path as written is in the checkout.
 */
async function keepInside(
  list: NamedList,
  boundary: Boundary | undefined,
  namedBy: 'list' | 'workflow',
): Promise<NamedList> {
  if (boundary === undefined) return list;
  const requests: ImageRequest[] = [];
  const rejects: Reject[] = [...list.rejects];
  for (const request of list.requests) {
    const { source, written, origin } = request;
    if (source.transport === 'docker' || (namedBy === 'workflow' && !isInCheckout(source.path, boundary))) {
      requests.push(request);
    } else if (await liesInside(source.path, boundary.folders)) {
      requests.push({ ...request, source: { ...source, folders: boundary.folders } });
    } else {
      rejects.push({ text: quoteReference(written) ?? '', origin, reason: OUTSIDE.reason, ...HINTS });
    }
  }
  return { ...list, requests, rejects: rejects.toSorted((a, b) => a.origin.line - b.origin.line) };
}

const HINT = hint`A list can only name files in these two. Name a file elsewhere in the workflow, by ${option('images')}.`;

const HINTS = { hint: spellHint(HINT, asFlag), hintParts: HINT };
