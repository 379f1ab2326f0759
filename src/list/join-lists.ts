import { type Digest, shortDigest } from '../oci/digest.ts';
import { formatPlatform } from '../oci/platform.ts';
import { formatReference, nameOf, namesRegistry, type Reference } from '../oci/reference.ts';
import { showText } from '../oci/reference-quote.ts';
import { type NamedList, type OnCandidate, settleCandidates, type SettledList } from './candidates.ts';
import type { ParseOptions } from './entry/findings.ts';
import { titleOf } from './parse-list.ts';
import { listError, type Problem, toProblem } from './problems.ts';
import {
  type Candidate,
  formatOrigin,
  type ImageRequest,
  type Reject,
  type Source,
  type Warning,
} from './request.ts';
import { hint, option } from '../text/hint.ts';

export interface JoinOptions extends ParseOptions {
  /** `latest` and missing tags are errors, unless a digest stands beside them. */
  readonly strictTags: boolean;
  readonly onCandidate: OnCandidate;
}

/** What one list gave, before it was joined with the others. */
export interface ListSummary {
  readonly file: string;
  readonly format: string;
  /** Requests of this list, duplicates counted. */
  readonly count: number;
  readonly ignored: readonly string[];
}

export interface ImageList {
  /** In the order of the lists; of duplicates the first. */
  readonly requests: readonly ImageRequest[];
  readonly lists: readonly ListSummary[];
  readonly warnings: readonly Warning[];
  readonly candidates: readonly Candidate[];
  /** Candidates that turned out to be no references; a reject among definite entries is an error. */
  readonly rejects: readonly Reject[];
}

/**
 * Joins lists into one. `faults` are files that could not be read at all.
 * @throws OciSaveError `list` that names everything that is wrong with any of them, and nothing is taken.
 */
export function joinLists(
  lists: readonly NamedList[],
  faults: readonly Problem[],
  options: JoinOptions,
): ImageList {
  const settled = lists.map((list) => settleCandidates(list, options));
  const all = settled.flatMap(({ requests }) => requests);
  const problems = [
    ...faults,
    ...settled.flatMap(problemsOf),
    ...(options.strictTags ? all.flatMap(looseTag) : []),
    ...conflicts(all),
  ];
  if (problems.length === 0 && all.length === 0) {
    problems.push({
      file: 'images',
      reason: 'no image is named',
      hint: hint`Name images, or files with ${option('imageList')}.`,
    });
  }
  if (problems.length > 0) throw listError(problems);
  const requests = distinct(all);
  return {
    requests,
    lists: settled.map(({ file, format, requests: own, ignored }) => ({
      file,
      format,
      count: own.length,
      ignored,
    })),
    warnings: [...settled.flatMap(({ warnings }) => warnings), ...warningsOf(requests)],
    candidates: settled.flatMap(({ candidates }) => candidates),
    rejects: settled.flatMap(({ rejected }) => rejected),
  };
}

function problemsOf({ file, format, requests, candidates, faults }: SettledList): Problem[] {
  if (faults.length > 0 || requests.length > 0) return faults.map(toProblem);
  const advice =
    candidates.length === 0
      ? undefined
      : `With on-candidate: accept, ${candidates.length} candidates would be taken.`;
  return [{ file, reason: `read as ${titleOf(format)}, it holds no image`, hint: advice }];
}

function referenceOf(source: Source): Reference | undefined {
  return source.transport === 'oci' ? undefined : source.reference;
}

function looseTag({ source, written, origin, implicitTag }: ImageRequest): Problem[] {
  const reference = referenceOf(source);
  if (reference?.tag !== 'latest' || reference.digest !== undefined) return [];
  const reason = `${showText(written)} ${implicitTag ? 'names no tag' : 'is named by the tag latest'}`;
  return [{ ...origin, reason, hint: 'With strict-tags, write a version or a digest.' }];
}

/** One name for two digests. Whether tags agree with pins, and names with each other, only their bytes tell. */
function conflicts(requests: readonly ImageRequest[]): Problem[] {
  const pins = new Map<string, { readonly digest: Digest; readonly request: ImageRequest }>();
  return requests.flatMap((request) => {
    const reference = referenceOf(request.source);
    const { tag, digest } = reference ?? {};
    if (reference === undefined || tag === undefined || digest === undefined) return [];
    const name = `${nameOf(reference)}:${tag}`;
    const key = [name, ...request.storedAs.map(formatReference)].join(' ');
    const first = pins.get(key);
    if (first === undefined) pins.set(key, { digest, request });
    if (first === undefined || first.digest === digest) return [];
    const [here, there] = [shortDigest(digest), shortDigest(first.digest)];
    return [
      {
        ...request.origin,
        reason: `'${name}' is pinned to ${here} here, and to ${there} in ${formatOrigin(first.request.origin)}`,
        hint: 'Keep one of the two lines, or store one of them under another name with =>.',
      },
    ];
  });
}

function distinct(requests: readonly ImageRequest[]): ImageRequest[] {
  const byIdentity = new Map<string, ImageRequest>();
  for (const request of requests) {
    const identity = identityOf(request);
    if (!byIdentity.has(identity)) byIdentity.set(identity, request);
  }
  return [...byIdentity.values()];
}

/** What makes two requests one: source, platforms and stored names, each in normal form and any order. */
function identityOf({ source, platforms, storedAs }: ImageRequest): string {
  const reference = referenceOf(source);
  return JSON.stringify([
    source.transport,
    source.transport === 'docker' ? '' : source.path,
    source.transport === 'oci' ? (source.name ?? '') : '',
    reference === undefined ? '' : formatReference(reference),
    platforms === undefined || platforms === 'all'
      ? (platforms ?? '')
      : platforms.map(formatPlatform).toSorted(),
    storedAs.map(formatReference).toSorted(),
  ]);
}

function warningsOf(requests: readonly ImageRequest[]): Warning[] {
  const implicit = requests
    .filter(({ implicitTag }) => implicitTag)
    .map(({ written, origin }) => ({
      message: `${showText(written)} names no tag: latest is taken`,
      origin,
    }));
  const withoutHost = requests.filter(
    ({ source, written }) =>
      source.transport === 'docker' && !namesRegistry(written.replace(/^\w+:\/\//, '')),
  );
  const hosts = [...Map.groupBy(withoutHost, ({ origin }) => origin.file).values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const registry = referenceOf(first.source)?.domain;
    const message = `without a host, taken from ${registry}: ${group.length}, the first is ${showText(first.written)}`;
    return [{ message, origin: first.origin }];
  });
  return [...implicit, ...hosts];
}
