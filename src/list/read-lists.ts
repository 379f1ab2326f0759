import { type Boundary, isInCheckout, liesInside, OUTSIDE } from '../files/index.ts';
import { quoteReference } from '../oci/reference-quote.ts';
import { checkDefaultRegistry } from './entry/source.ts';
import { namedFormat } from './formats/lookup.ts';
import { type ImageList, type JoinOptions, joinLists } from './join-lists.ts';
import { findLists, gather, readList } from './list-files.ts';
import { parseInline, parseList, type ParseListOptions } from './parse-list.ts';
import type { Problem } from './problems.ts';
import type { ImageRequest, NamedList, Reject } from './request.ts';

/** The lists of a run, and how they are read. */
export interface ListInputs extends ParseListOptions, JoinOptions {
  /** References given inline, each one entry as a line of a plain list. */
  readonly images: readonly string[];
  /** Paths, globs, or `-` for `stdin`. */
  readonly files: readonly string[];
  readonly stdin?: AsyncIterable<Uint8Array> | undefined;
  /** Where lists lie in an untrusted checkout: no link in it may lead a list or a source out of it. */
  readonly boundary?: Boundary | undefined;
  /** Lists that were read before, with options of their own. */
  readonly lists?: readonly NamedList[] | undefined;
}

/** How messages name the list from standard input. */
const STDIN = 'stdin';

/**
 * Reads all lists of a run and joins them: files in the order given, a glob's in the order of their names, inline
 * references after them, and last what was read before. A file that is named twice is read once.
 * @throws OciSaveError `list` that names every missing file and every bad line of every list, with its reason;
 * `usage` for a format or a default registry that cannot be one.
 */
export async function readLists(inputs: ListInputs): Promise<ImageList> {
  const { boundary } = inputs;
  namedFormat(inputs.format);
  checkDefaultRegistry(inputs.defaultRegistry, 'the default registry');
  const lists: NamedList[] = [];
  const faults: Problem[] = [];
  for (const named of await namedFiles(inputs.files, faults)) {
    const folders = boundary !== undefined && isInCheckout(named, boundary) ? boundary.folders : undefined;
    const read = named === '-' ? await readStdin(inputs.stdin) : await readList(named, folders);
    const file = named === '-' ? STDIN : named;
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

async function readStdin(stdin: AsyncIterable<Uint8Array> | undefined): ReturnType<typeof gather> {
  if (stdin !== undefined) return gather(STDIN, stdin);
  return { problem: { file: STDIN, reason: 'there is no standard input to read a list from' } };
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
      rejects.push({ text: quoteReference(written) ?? '', origin, reason: OUTSIDE.reason, hint: HINT });
    }
  }
  return { ...list, requests, rejects: rejects.toSorted((a, b) => a.origin.line - b.origin.line) };
}

const HINT =
  'A list can only name files in these two. Name a file elsewhere in the workflow, by the input images.';
