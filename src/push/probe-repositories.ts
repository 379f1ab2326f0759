import { OciSaveError } from '../errors.ts';
import { refusalOf, type Upload } from '../registry/index.ts';
import type { PushContext } from './context.ts';
import type { PushName } from './plan.ts';
import type { Issue } from './issue.ts';
import { missingRepositories, refusedRepositories, tooDeep } from './refusals.ts';
import type { PushTarget } from './target.ts';

export interface RepositoryAnswers {
  readonly uploads: Map<string, Upload>;
  readonly issues: readonly Issue[];
  readonly missing: readonly string[];
}

/** Docker Hub knows namespace and name, and nothing below. */
const DEPTH_OF: Readonly<Record<string, number>> = { 'docker.io': 2 };

/** Begins an upload in every repository: that is refused for whatever a push would be refused for. */
export async function askRepositories(
  target: PushTarget,
  names: readonly PushName[],
  context: PushContext,
): Promise<RepositoryAnswers> {
  const uploads = new Map<string, Upload>();
  const refused = new Map<string, OciSaveError>();
  const most = DEPTH_OF[target.domain];
  const paths = [...new Set(names.map(({ to }) => to.path))];
  const deep = most === undefined ? [] : paths.filter((path) => depthOf(path) > most);
  const ask = async (path: string): Promise<void> => {
    try {
      uploads.set(path, await context.client.beginUpload({ domain: target.domain, path }, context.signal));
    } catch (error) {
      context.signal?.throwIfAborted();
      if (!(error instanceof OciSaveError)) throw error;
      refused.set(path, error);
    }
  };
  await Promise.all(paths.filter((path) => !deep.includes(path)).map(ask));
  return { uploads, ...judge(target, names, { accepted: [...uploads.keys()], refused, deep, most }) };
}

const depthOf = (path: string): number => path.split('/').length;

interface Answers {
  readonly accepted: readonly string[];
  readonly refused: ReadonlyMap<string, OciSaveError>;
  /** Not asked: too deep for what is known of the registry. */
  readonly deep: readonly string[];
  readonly most: number | undefined;
}

/** What the answers mean, each cause once. */
function judge(
  target: PushTarget,
  names: readonly PushName[],
  { accepted, refused, deep, most }: Answers,
): Pick<RepositoryAnswers, 'issues' | 'missing'> {
  const named = (paths: readonly string[]): PushName[] => names.filter(({ to }) => paths.includes(to.path));
  const issue = (paths: readonly string[], error: OciSaveError): Issue[] =>
    paths.length === 0 ? [] : [{ error, names: named(paths) }];
  const statusOf = (path: string): number => refusalOf(refused.get(path))?.status ?? 0;

  // Refusals that begin below a certain depth, and are of all names from there on, are about the depth.
  const taken = Math.max(0, ...accepted.map(depthOf));
  const refusals = [...refused.keys()].filter((path) => [401, 403, 404].includes(statusOf(path)));
  const deeper = accepted.length > 0 && refusals.every((path) => depthOf(path) > taken) ? refusals : [];
  const others = [...refused.keys()].filter((path) => !deeper.includes(path));
  const missing = others.filter((path) => refused.get(path)?.code === 'not-found');
  const rest = Map.groupBy(
    others.filter((path) => !missing.includes(path)),
    (path) => `${refused.get(path)?.code} ${statusOf(path)}`,
  );
  return {
    missing,
    issues: [
      ...issue(deep, tooDeep(target, deep, most ?? 0)),
      ...issue(deeper, tooDeep(target, deeper, taken, refused.get(deeper[0] ?? ''))),
      ...issue(missing, missingRepositories(target, missing, refused.get(missing[0] ?? ''))),
      ...[...rest.values()].flatMap((paths) => {
        const first = refused.get(paths[0] ?? '');
        return first === undefined ? [] : issue(paths, refusedRepositories(target, paths, first));
      }),
    ],
  };
}
