import { lastPart } from '../text/trim.ts';
import { type Digest, shortDigest } from '../oci/digest.ts';
import { formatPlatform, normalizePlatform, type Platform, type PlatformChoice } from '../oci/platform.ts';
import { formatReference, nameOf, namesRegistry } from '../oci/reference.ts';
import { quoteReference, showText } from '../oci/reference-quote.ts';
import { type Collector, newCollector, type ParseOptions } from './entry/findings.ts';
import { formatSource, referenceIn } from './entry/source.ts';
import { hintOf, TEMPLATE, titleOf } from './formats/formats.ts';
import { readRules, type RuleOptions, withoutIgnored } from './left-out.ts';
import type { LeftOut } from './ignore.ts';
import { joinLogins } from './logins.ts';
import { plainLine } from './write/plain.ts';
import { hintsOf, listError, type Problem, toProblem } from './problems.ts';
import {
  type Candidate,
  formatOrigin,
  type IgnoreRule,
  type ImageRequest,
  type ListLogin,
  type NamedList,
  type Origin,
  type Reject,
  type TagRequest,
  type Warning,
} from './request.ts';
import { formatCount } from '../text/bytes.ts';
import { hint, option } from '../text/hint.ts';

/** What happens to candidates. `report`: they are listed; `accept`: saved; `error`: the list is refused. */
export type OnCandidate = 'report' | 'accept' | 'error';

export interface JoinOptions extends ParseOptions, RuleOptions {
  /** `latest` and missing tags are errors, unless there is also a digest. */
  readonly strictTags: boolean;
  readonly onCandidate: OnCandidate;
  /** The platforms of images without their own, for a note on lists whose file name has another one. */
  readonly platforms?: PlatformChoice | undefined;
}

/** One list, before it is joined with the others. */
export interface ListSummary extends Pick<NamedList, 'file' | 'format' | 'ignored'> {
  /** Requests of this list, duplicates counted. */
  readonly count: number;
  /** Entries that ask for tags by a rule. */
  readonly rules?: number | undefined;
}

export interface ImageList {
  /** In the order of the lists, without duplicates and what is left out. */
  readonly requests: readonly ImageRequest[];
  /** What is still to be asked for: `withTags` adds the images. */
  readonly tagRequests: readonly TagRequest[];
  /** One for each key. */
  readonly logins: readonly ListLogin[];
  /** Of each rule of the option `ignore`, and of each of a list that leaves something out. */
  readonly leftOut: readonly LeftOut[];
  /** Rules of the lists, for what is added. */
  readonly ignoreRules: readonly IgnoreRule[];
  /** Those of the option `vars`. */
  readonly usedVariables: readonly string[];
  readonly lists: readonly ListSummary[];
  readonly warnings: readonly Warning[];
  readonly candidates: readonly Candidate[];
  /** Candidates that are not references; among definite entries these are errors. */
  readonly rejects: readonly Reject[];
}

/** Joined lists with everything that is wrong with them: what is wrong with one entry does not hide the others. */
export interface ListSurvey extends ImageList {
  /** What keeps the lists from being used; then `requests` has what could be read. */
  readonly problems: readonly Problem[];
  /** Where each of `requests` is: one place for each of its duplicates, in the order of the lists. */
  readonly origins: readonly (readonly Origin[])[];
}

/**
 * Joins lists into one. `faults` are files that could not be read.
 * @throws OciSaveError `usage` for a bad rule of `ignore`
 */
export function joinLists(
  lists: readonly NamedList[],
  faults: readonly Problem[],
  options: JoinOptions,
): ListSurvey {
  const known = new Set(lists.flatMap(({ requests }) => requests).map(identityOf));
  const settled = lists.map((list) => settle(list, options, known));
  const named = settled.flatMap(({ requests }) => requests);
  const tagRequests = settled.flatMap((list) => list.tagRequests);
  const ignoreRules = lists.flatMap((list) => list.ignoreRules);
  const { rules, problems: badRules } = readRules(ignoreRules, options);
  const { kept, leftOut } = withoutIgnored(named, rules);
  const { logins, problems: badLogins, warnings: ofLogins } = joinLogins(lists);
  const isEmpty = named.length === 0 && tagRequests.length === 0;
  const problems = [
    ...faults,
    ...settled.flatMap(problemsOf),
    ...badRules,
    ...badLogins,
    ...(options.strictTags ? kept.flatMap(floatingTag) : []),
    ...conflicts(kept),
    ...(isEmpty ? lists.filter(({ format }) => format === TEMPLATE).map(skippedTemplate) : []),
  ];
  if (problems.length === 0) problems.push(...nothingLeft(kept, tagRequests, named.length));
  const groups = distinct(kept);
  const requests = groups.map(([first]) => first);
  return {
    problems,
    requests,
    origins: groups.map((group) => group.map(({ origin }) => origin)),
    tagRequests,
    logins,
    leftOut,
    ignoreRules,
    usedVariables: [...new Set(lists.flatMap((list) => list.usedVariables))],
    lists: settled.map(({ list, requests: { length: count }, tagRequests: { length: rules } }) => {
      const { file, format, ignored } = list;
      return { file, format, count, ignored, ...(rules === 0 ? {} : { rules }) };
    }),
    warnings: [
      ...settled.flatMap(({ warnings }) => warnings),
      ...ofLogins,
      ...settled.flatMap((list) => otherPlatform(list, options.platforms)),
      ...warningsOf(requests),
    ],
    candidates: settled.flatMap(({ candidates }) => candidates),
    rejects: settled.flatMap(({ rejected }) => rejected),
  };
}

/**
 * The list with the images that entries with rules for tags became. What is left out by `ignore` is left out of them,
 * too.
 * @throws OciSaveError `list` where nothing is left, or a tag is `latest` and must not be
 */
export function withTags(list: ImageList, added: readonly ImageRequest[], options: JoinOptions): ImageList {
  if (list.tagRequests.length === 0) return list;
  const { rules } = readRules(list.ignoreRules, options);
  const { kept, leftOut } = withoutIgnored(added, rules);
  const all = [...list.requests, ...kept];
  const problems = options.strictTags ? kept.flatMap(floatingTag) : [];
  if (problems.length === 0) problems.push(...nothingLeft(all, [], list.requests.length + added.length));
  if (problems.length > 0) throw listError(problems);
  const addedTo = Map.groupBy(added, ({ origin }) => origin.file);
  const counted = [...list.leftOut, ...leftOut];
  return {
    ...list,
    requests: distinct(all).map(([first]) => first),
    tagRequests: [],
    lists: list.lists.map((one) => ({ ...one, count: one.count + (addedTo.get(one.file)?.length ?? 0) })),
    leftOut: [...Map.groupBy(counted, ({ rule, place = '' }) => `${place} ${rule}`).values()].flatMap(
      (same) => {
        const [first] = same;
        return first === undefined
          ? []
          : [{ ...first, count: same.reduce((sum, { count }) => sum + count, 0) }];
      },
    ),
  };
}

function nothingLeft(
  kept: readonly ImageRequest[],
  tagRequests: readonly TagRequest[],
  before: number,
): Problem[] {
  if (kept.length > 0 || tagRequests.length > 0) return [];
  if (before > 0) {
    return [
      {
        file: 'images',
        reason: `${before === 1 ? 'the only image is' : `all ${before} images are`} left out`,
        hint: hint`Take a rule out of ${option('ignore')}, or the list out of this run.`,
      },
    ];
  }
  return [
    {
      file: 'images',
      reason: 'no image is given',
      hint: hint`Give images, or files with ${option('imageList')}.`,
    },
  ];
}

/** A list after the decision on its candidates. */
interface SettledList {
  readonly list: NamedList;
  readonly requests: readonly ImageRequest[];
  readonly tagRequests: readonly TagRequest[];
  /** Left for the user's decision. */
  readonly candidates: readonly Candidate[];
  /** Candidates that are not references: reported, not errors. */
  readonly rejected: readonly Reject[];
  /** Faults that make the list unusable. */
  readonly faults: readonly Reject[];
  readonly warnings: readonly Warning[];
  /** True where all that it has are candidates which another list, or an earlier entry, names as well. */
  readonly isKnown: boolean;
}

const ADVICE = hint`Save it with ${option('onCandidate', 'accept')}, or have it listed with ${option('onCandidate', 'report')}.`;
const DOUBTFUL = hintsOf(ADVICE);

function skippedTemplate({ file }: NamedList): Problem {
  return { file, reason: 'this is a template', hint: 'Render it first, and give the result.' };
}

/** Settles what happens to candidates. `known` are requests and candidates so far: those are not told again. */
function settle(list: NamedList, options: JoinOptions, known: Set<string>): SettledList {
  const { requests, tagRequests, rejects, warnings } = list;
  // Those of a chart are in several files.
  const collectors = new Map<string, Collector>();
  const read = new Map<Candidate, ImageRequest>();
  const taken = list.candidates.filter((candidate) => {
    const { origin, text } = candidate;
    const collector = collectors.get(origin.file) ?? newCollector(origin.file, options);
    collectors.set(origin.file, collector);
    const { requests: entries, tagRequests: rules } = collector.found;
    const [before, rulesBefore] = [entries.length, rules.length];
    collector.addLine(origin.line, text);
    const request = entries[before];
    if (request === undefined) return rules.length > rulesBefore;
    read.set(candidate, request);
    const identity = identityOf(request);
    const isNew = !known.has(identity);
    known.add(identity);
    return isNew;
  });
  const found = [...collectors.values()].map((collector) => collector.found);
  const rejected = found.flatMap((one) => one.rejects);
  const settled = {
    list,
    requests,
    tagRequests,
    candidates: [],
    rejected,
    faults: rejects,
    warnings,
    isKnown: false,
  };
  if (options.onCandidate === 'accept') {
    return {
      ...settled,
      requests: [...requests, ...found.flatMap((one) => one.requests)],
      tagRequests: [...tagRequests, ...found.flatMap((one) => one.tagRequests)],
      rejected: [],
      faults: [...rejects, ...rejected],
      warnings: [...warnings, ...found.flatMap((one) => one.warnings)],
    };
  }
  const isKnown = taken.length === 0 && found.some((one) => one.requests.length > 0);
  if (options.onCandidate === 'error') {
    const doubtful = taken.map(({ text, origin, why }) => ({
      text,
      origin,
      reason: `${showText(text)} is probably an image (${why})`,
      ...DOUBTFUL,
    }));
    return { ...settled, isKnown, faults: [...rejects, ...doubtful] };
  }
  const candidates = taken.map((candidate) => ({
    ...candidate,
    text: shownCandidate(candidate.text, read.get(candidate)),
  }));
  return { ...settled, isKnown, candidates };
}

/**
 * A candidate's text goes into reports and annotations. Where it cannot be quoted as it is, the entry is written anew that was
 * read in it: a list of what was found can be given again.
 */
function shownCandidate(text: string, request: ImageRequest | undefined): string {
  const quoted = quoteReference(text);
  return request === undefined || quoted === text ? (quoted ?? '') : plainLine(request);
}

function problemsOf({
  list: { file, format },
  requests,
  tagRequests,
  candidates,
  faults,
  isKnown,
}: SettledList): Problem[] {
  const isSilent = isKnown || format === TEMPLATE;
  if (faults.length > 0 || requests.length > 0 || tagRequests.length > 0 || isSilent)
    return faults.map(toProblem);
  const advice =
    candidates.length === 0
      ? hintOf(format)
      : hint`With ${option('onCandidate', 'accept')}, ${formatCount(candidates.length, 'candidate')} would be saved.`;
  return [{ file, reason: `read as ${titleOf(format)}, it does not name any image`, hint: advice }];
}

const STRICT = hint`Write a version or a digest, or leave out ${option('strictTags')}.`;

function floatingTag({ source, written, origin, implicitTag, locked }: ImageRequest): Problem[] {
  const reference = locked === undefined ? referenceIn(source) : undefined;
  if (reference?.tag !== 'latest' || (reference.digest ?? reference.otherDigest) !== undefined) return [];
  const reason = `${showText(written)} ${implicitTag ? 'names no tag' : 'is named by the tag latest'}`;
  return [{ ...origin, reason, hint: STRICT }];
}

/** One name with two digests. Other conflicts only show once the images are resolved. */
function conflicts(requests: readonly ImageRequest[]): Problem[] {
  const pins = new Map<string, { readonly digest: Digest; readonly request: ImageRequest }>();
  return requests.flatMap((request) => {
    const reference = referenceIn(request.source);
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

/** Groups of duplicates, in the order of their first ones. */
function distinct(requests: readonly ImageRequest[]): [ImageRequest, ...ImageRequest[]][] {
  return [...Map.groupBy(requests, identityOf).values()].flatMap(([first, ...more]) =>
    first === undefined ? [] : [[first, ...more]],
  );
}

/** Equal for duplicates: source, platforms and stored names, each in normal form and any order, and what is locked. */
export function identityOf({
  source,
  platforms,
  storedAs,
  locked,
}: Pick<ImageRequest, 'source' | 'platforms' | 'storedAs' | 'locked'>): string {
  return JSON.stringify([
    source.transport,
    formatSource(source),
    platforms === undefined || platforms === 'all'
      ? (platforms ?? '')
      : platforms.map(formatPlatform).toSorted(),
    storedAs.map(formatReference).toSorted(),
    locked,
  ]);
}

/** `images-core.linux-arm64.txt`: the architecture in a file's name, and its system where it is not Linux. */
const NAMED_PLATFORM =
  /(?:^|[-_.])(?:(linux|windows)[-_.])?(386|i386|amd64|x86_64|x86-64|arm64|aarch64|arm|armhf|armel|ppc64le|riscv64|s390x)(?=[-_.]|$)/gi;

/** A note on a list whose file name has a platform that its images are not taken for. It is no rule: names may be old. */
function otherPlatform({ list, requests }: SettledList, choice: PlatformChoice | undefined): Warning[] {
  if (choice === undefined || choice === 'all') return [];
  const first = requests.find(({ platforms }) => platforms === undefined);
  if (first === undefined) return [];
  const named = [...lastPart(list.file).matchAll(NAMED_PLATFORM)].map(([, os = 'linux', architecture = '']) =>
    normalizePlatform({ os, architecture }),
  );
  const isTaken = ({ os, architecture }: Platform): boolean =>
    choice.some((taken) => taken.os === os && taken.architecture === architecture);
  if (named.length === 0 || named.some(isTaken)) return [];
  const message = `its file name says ${named.map(shortPlatform).join(', ')}, its images are taken for ${choice.map(formatPlatform).join(', ')}`;
  return [{ message, origin: first.origin }];
}

function shortPlatform({ os, architecture }: Platform): string {
  return `${os}/${architecture}`;
}

function warningsOf(requests: readonly ImageRequest[]): Warning[] {
  const implicit = requests
    .filter(({ implicitTag }) => implicitTag)
    .map(({ written, origin }) => ({
      text: written,
      message: 'it names no tag: latest is used',
      origin,
    }));
  const withoutHost = requests.filter(
    ({ source, written }) =>
      source.transport === 'docker' && !namesRegistry(written.replace(/^\w+:\/\//, '')),
  );
  const hosts = [...Map.groupBy(withoutHost, ({ origin }) => origin.file).values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const registry = referenceIn(first.source)?.domain;
    const images = `${formatCount(group.length, 'image')} without a registry`;
    const message = `${images}: ${registry} is meant; the first is ${showText(first.written)}`;
    return [{ message, origin: first.origin }];
  });
  return [...implicit, ...hosts];
}
