import { OciSaveError } from '../../errors.ts';
import { lacksRoom, refusalOf, type Upload } from '../../registry/index.ts';
import type { PushContext } from '../context.ts';
import type { PushName } from '../plan.ts';
import type { PushTarget } from '../../options/index.ts';
import { findMediaTypeIssues, takesSparse } from './probe-manifests.ts';
import { type Issue, missingRepositories, refusedRepositories, sparseRefused, tooDeep } from './refusals.ts';

export interface Preflight {
  readonly issues: readonly Issue[];
  /** Uploads that were started to check the right to write, by repository: the first blob is sent with it. */
  readonly uploads: Map<string, Upload>;
  /** Repositories that do not exist, and that the registry does not create. */
  readonly missing: readonly string[];
  /** Sparse images whose original index the target does not take. */
  readonly narrowed: ReadonlySet<PushName>;
}

/**
 * Finds out what a target would refuse, for all names at once and before the first byte of a blob: missing rights to write,
 * repositories that do not exist, names that are too deep, Docker's types, sparse indexes. It leaves nothing there but
 * what the push would bring (see `probe-manifests.ts`).
 */
export async function preflight(
  target: PushTarget,
  names: readonly PushName[],
  context: PushContext,
): Promise<Preflight> {
  const { uploads, issues, missing } = await probeRepositories(target, names, context);
  const writable = names.filter(({ to }) => uploads.has(to.path));
  const types = await findMediaTypeIssues(writable, context);
  const typed = new Set(types.flatMap((issue) => issue.names));
  const sparse = writable.filter((name) => name.sparse && !name.variants[0].narrowed && !typed.has(name));
  const takes = await Promise.all(sparse.map((name) => takesSparse(name, context)));
  const refused = sparse.filter((_, at) => takes[at] === false);
  const kept = refused.filter(({ variants }) => variants.length === 1);
  if (kept.length > 0) types.push({ error: sparseRefused(target, kept), names: kept });
  return {
    issues: [...issues, ...types],
    uploads,
    missing,
    narrowed: new Set(refused.filter(({ variants }) => variants.length > 1)),
  };
}

/** Docker Hub's names have a namespace and a name, and nothing below. */
const DEPTH_OF: Readonly<Record<string, number>> = { 'docker.io': 2 };

const depthOf = (path: string): number => path.split('/').length;

interface Refused {
  readonly path: string;
  readonly error: OciSaveError;
  /** 0 where there was no response. */
  readonly status: number;
}

/** Starts an upload in every repository: it is refused for the same reasons as a push. */
async function probeRepositories(
  target: PushTarget,
  names: readonly PushName[],
  { client, signal }: PushContext,
): Promise<Pick<Preflight, 'uploads' | 'issues' | 'missing'>> {
  const { domain } = target;
  const uploads = new Map<string, Upload>();
  const refused: Refused[] = [];
  const most = DEPTH_OF[domain] ?? Infinity;
  const paths = [...new Set(names.map(({ to }) => to.path))];
  const deep = paths.filter((path) => depthOf(path) > most);
  const probe = async (path: string): Promise<void> => {
    try {
      uploads.set(path, await client.beginUpload({ domain, path }, signal));
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof OciSaveError)) throw error;
      // A full project still takes the tags of what it has: the push finds out which images need more.
      if (lacksRoom(error)) return;
      refused.push({ path, error, status: refusalOf(error)?.status ?? 0 });
    }
  };
  await Promise.all(paths.filter((path) => !deep.includes(path)).map(probe));

  // Where every name below a certain depth is refused, and none above it, the reason is the depth.
  const taken = Math.max(0, ...[...uploads.keys()].map(depthOf));
  const maybeDeep = refused.filter(({ status }) => [401, 403, 404].includes(status));
  const areDeep = uploads.size > 0 && maybeDeep.every(({ path }) => depthOf(path) > taken);
  const {
    deeper = [],
    missing = [],
    other = [],
  } = Object.groupBy(refused, (one) => {
    if (areDeep && maybeDeep.includes(one)) return 'deeper';
    return one.error.code === 'not-found' ? 'missing' : 'other';
  });
  const byCause = Map.groupBy(other, ({ error, status }) => `${error.code} ${status}`);

  const issueOf = (of: readonly string[], error: OciSaveError): Issue => ({
    error,
    names: names.filter(({ to }) => of.includes(to.path)),
  });
  const issuesOf = (
    of: readonly Refused[],
    describe: (target: PushTarget, paths: readonly string[], first: OciSaveError) => OciSaveError,
  ): Issue[] => {
    const [first] = of;
    return first === undefined ? [] : [issueOf(pathsOf(of), describe(target, pathsOf(of), first.error))];
  };
  return {
    uploads,
    missing: pathsOf(missing),
    issues: [
      ...(deep.length === 0 ? [] : [issueOf(deep, tooDeep(target, deep, most))]),
      ...issuesOf(deeper, (to, paths, first) => tooDeep(to, paths, taken, first)),
      ...issuesOf(missing, missingRepositories),
      ...[...byCause.values()].flatMap((group) => issuesOf(group, refusedRepositories)),
    ],
  };
}

const pathsOf = (refused: readonly Refused[]): string[] => refused.map(({ path }) => path);
