import pMap from 'p-map';
import { messageOf, OciSaveError } from '../../errors.ts';
import { formatReference, nameOf, type Reference } from '../../oci/reference.ts';
import { showText } from '../../oci/reference-quote.ts';
import { formatCount } from '../../text/bytes.ts';
import { hint, option } from '../../text/hint.ts';
import { listError, type Problem } from '../problems.ts';
import { formatOrigin, type ImageRequest, type TagRequest } from '../request.ts';
import { newPatternBudget, type PatternBudget } from './pattern.ts';
import { compileSelection, type SelectedTags } from './select-tags.ts';

export interface ExpandOptions {
  /** Whether the user agrees to save tags by a rule. */
  readonly isAllowed: boolean;
  /** All tags of a repository. */
  readonly listTags: (repository: Reference) => Promise<readonly string[]>;
  /** Told what became of each entry. */
  readonly tell: (message: string) => void;
}

/** More would be a mirror of a registry, and no list of images. */
export const MAX_TAGS_OF_ENTRY = 1000;
export const MAX_TAGS_OF_RUN = 10_000;

/** Repositories whose tags are listed at once. */
const PARALLEL = 8;

/** Tags that a message names. */
const SHOWN = 20;

/**
 * Turns entries that ask for tags by a rule into requests, one a tag, with the entry's place and platforms. The tags of a
 * repository are listed once, however many entries choose of them.
 * @throws OciSaveError `list` that names each entry whose rule cannot be read, matches nothing or too much, and without
 *   the user's consent each entry, with the number of its tags; else the error of the first registry that lists nothing
 */
export async function expandTags(
  requests: readonly TagRequest[],
  { isAllowed, listTags, tell }: ExpandOptions,
): Promise<ImageRequest[]> {
  const budget = newPatternBudget();
  const rules = requests.map((request) => compiled(request, budget));
  const broken = rules.flatMap(({ problem }) => problem ?? []);
  if (broken.length > 0) throw listError(broken);
  const tagsOf = await listAll(requests, listTags);
  const entries = rules.flatMap(({ request, select }) => {
    const all = tagsOf.get(nameOf(request.repository));
    return select === undefined || all === undefined ? [] : [chosenOf(request, all, select)];
  });
  const problems = entries.flatMap((entry) => problemsOf(entry, isAllowed));
  const failed = entries.find(({ all }) => all instanceof OciSaveError);
  if (isAllowed && problems.length === 0 && failed?.all instanceof OciSaveError)
    throw unlisted(failed.request, failed.all);
  if (problems.length === 0) problems.push(...tooManyOf(entries));
  if (problems.length > 0) throw listError(problems);
  for (const entry of entries) tell(storyOf(entry));
  return entries.flatMap(({ request, chosen }) => chosen.tags.map((tag) => requestOf(request, tag)));
}

interface Rule {
  readonly request: TagRequest;
  readonly select?: (tags: readonly string[]) => SelectedTags;
  readonly problem?: Problem;
}

function compiled(request: TagRequest, budget: PatternBudget): Rule {
  try {
    return { request, select: compileSelection(request.selection, budget) };
  } catch (error) {
    if (!(error instanceof OciSaveError)) throw error;
    return { request, problem: { ...request.origin, reason: error.message, hint: error.hintParts } };
  }
}

type Listed = readonly string[] | OciSaveError;

async function listAll(
  requests: readonly TagRequest[],
  listTags: ExpandOptions['listTags'],
): Promise<Map<string, Listed>> {
  const repositories = new Map(requests.map(({ repository }) => [nameOf(repository), repository]));
  const listed = await pMap(
    repositories,
    async ([name, repository]): Promise<[string, Listed]> => {
      try {
        return [name, await listTags(repository)];
      } catch (error) {
        if (!(error instanceof OciSaveError) || error.code === 'interrupted') throw error;
        return [name, error];
      }
    },
    { concurrency: PARALLEL },
  );
  return new Map(listed);
}

interface Entry {
  readonly request: TagRequest;
  readonly all: Listed;
  readonly chosen: SelectedTags;
}

function chosenOf(request: TagRequest, all: Listed, select: NonNullable<Rule['select']>): Entry {
  return { request, all, chosen: all instanceof OciSaveError ? { tags: [], leftOut: [] } : select(all) };
}

const CONSENT = hint`Save them with ${option('expandTags')}, or write the tags that are wanted.`;

function problemsOf({ request, all, chosen: { tags, leftOut } }: Entry, isAllowed: boolean): Problem[] {
  const name = showText(nameOf(request.repository));
  const { origin } = request;
  if (all instanceof OciSaveError) {
    if (isAllowed) return [];
    const why = messageOf(all);
    return [
      {
        ...origin,
        reason: `${name}: it asks for tags by a rule, and how many it would be cannot be told: ${why}`,
        hint: CONSENT,
      },
    ];
  }
  const of = `of the ${formatCount(all.length, 'tag')} of ${name}`;
  if (!isAllowed) {
    return [
      { ...origin, reason: `it asks for tags by a rule: it would be ${tags.length} ${of}`, hint: CONSENT },
    ];
  }
  if (tags.length === 0) {
    const others = leftOut.length === 0 ? '' : ` (left out: ${leftOut.join(', ')})`;
    return [
      {
        ...origin,
        reason: `its rule matches none ${of}${others}`,
        hint: 'Correct the rule, or take the entry out.',
      },
    ];
  }
  if (tags.length <= MAX_TAGS_OF_ENTRY) return [];
  return [
    {
      ...origin,
      reason: `its rule matches ${tags.length} ${of}, and an entry may have ${MAX_TAGS_OF_ENTRY}`,
      hint: 'Write a narrower rule.',
    },
  ];
}

function tooManyOf(entries: readonly Entry[]): Problem[] {
  let count = 0;
  const over = entries.find(({ chosen }) => (count += chosen.tags.length) > MAX_TAGS_OF_RUN);
  if (over === undefined) return [];
  const reason = `with it, the rules for tags match more than ${MAX_TAGS_OF_RUN} tags`;
  return [{ ...over.request.origin, reason, hint: 'Write narrower rules, or save in several runs.' }];
}

function unlisted({ origin, repository }: TagRequest, error: OciSaveError): OciSaveError {
  return error.reworded(
    `${formatOrigin(origin)}: the tags of ${nameOf(repository)} are not listed: ${error.message}`,
  );
}

function storyOf({ request, all, chosen: { tags, leftOut } }: Entry): string {
  const count = all instanceof OciSaveError ? 0 : all.length;
  const named = [
    ...tags.slice(0, SHOWN),
    ...(tags.length > SHOWN ? [`and ${tags.length - SHOWN} more`] : []),
  ];
  const rest = leftOut.length === 0 ? '' : `; left out: ${leftOut.join(', ')}`;
  return `Tags: ${formatOrigin(request.origin)}: ${nameOf(request.repository)}: ${tags.length} of ${count}: ${named.join(', ')}${rest}`;
}

function requestOf({ repository, origin, platforms, storedAs }: TagRequest, tag: string): ImageRequest {
  const reference = { ...repository, tag };
  return {
    written: formatReference(reference),
    origin,
    source: { transport: 'docker', reference },
    ...(platforms === undefined ? {} : { platforms }),
    storedAs: storedAs.map((name) => ({ ...name, tag })),
    implicitTag: false,
  };
}
