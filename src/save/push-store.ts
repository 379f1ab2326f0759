import type { Lock } from '../lock/index.ts';
import { pushToTargets, readContent } from '../publish/push/index.ts';
import type { PushTargetReport } from '../report/index.ts';
import type { Run } from './run.ts';

/** A registry that is started in the same job is up within seconds. */
const WAIT_MILLISECONDS = 60_000;

/** Pushes the images of a run from the store to its targets; undefined where there are none. */
export async function pushStore(
  lock: Lock,
  { session, options, io: { emit, signal } }: Run,
): Promise<PushTargetReport[] | undefined> {
  const { push, index, pushPolicy: policy, onError, dryRun, parallel, retries } = options;
  if (push.length === 0) return undefined;
  return pushToTargets(push, {
    client: session.client,
    content: await readContent(lock, session.store),
    index,
    policy,
    onError,
    dryRun,
    parallel,
    retries,
    waitMilliseconds: WAIT_MILLISECONDS,
    emit,
    signal,
  });
}
