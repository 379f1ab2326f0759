import type { OciSaveError } from '../errors.ts';
import type { Upload } from '../registry/index.ts';
import type { PushContext } from './context.ts';
import type { Issue } from './issue.ts';
import type { PushName } from './plan.ts';
import { findMediaTypeIssues, takesSparse } from './probe-manifests.ts';
import { askRepositories } from './probe-repositories.ts';
import { sparseRefused } from './refusals.ts';
import type { PushTarget } from './target.ts';

export interface Preflight {
  readonly issues: readonly Issue[];
  /** Uploads that were begun to see whether one may, by repository: the first blob there goes into it. */
  readonly uploads: Map<string, Upload>;
  /** Repositories that do not exist, and are not made by the registry. */
  readonly missing: readonly string[];
  /** Sparse images whose original index the target does not take. */
  readonly narrowed: ReadonlySet<PushName>;
}

/**
 * Finds out what a target would refuse, for all names at once and before the first byte of a blob: who may write,
 * repositories that do not exist, names that are too deep, Docker's types, sparse indexes. Nothing is left behind but
 * what the push would bring (`probe-manifests.ts` tells how).
 */
export async function preflight(
  target: PushTarget,
  names: readonly PushName[],
  context: PushContext,
): Promise<Preflight> {
  const { uploads, issues, missing } = await askRepositories(target, names, context);
  const writable = names.filter(({ to }) => uploads.has(to.path));
  const types = await findMediaTypeIssues(writable, context);
  const typed = new Set(types.flatMap((issue) => issue.names));
  const sparse = writable.filter((name) => name.sparse && !name.variants[0].narrowed && !typed.has(name));
  const takes = await Promise.all(sparse.map((name) => takesSparse(name, context)));
  const refused = sparse.filter((_, at) => takes[at] === false);
  const kept = refused.filter(({ variants }) => variants.length === 1);
  const sparseIssues: Issue[] =
    kept.length === 0 ? [] : [{ error: sparseRefused(target, kept) satisfies OciSaveError, names: kept }];
  return {
    issues: [...issues, ...types, ...sparseIssues],
    uploads,
    missing,
    narrowed: new Set(refused.filter(({ variants }) => variants.length > 1)),
  };
}

/** Takes back what was begun and not used. What fails at it is cleared up by the registry in time. */
export async function cancelUploads(
  uploads: Map<string, Upload>,
  { client, emit, signal }: PushContext,
): Promise<void> {
  const cancel = async (upload: Upload): Promise<void> => {
    try {
      await client.cancelUpload(upload, signal);
    } catch (error) {
      signal?.throwIfAborted();
      const why = error instanceof Error ? error.message : String(error);
      emit({ type: 'log', level: 'debug', message: `an upload was not taken back: ${why}` });
    }
  };
  await Promise.all([...uploads.values()].map(cancel));
  uploads.clear();
}
