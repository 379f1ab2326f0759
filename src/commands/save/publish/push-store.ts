import type { Content } from '../../../image/index.ts';
import type { Digest } from '../../../oci/digest.ts';
import { pushToTargets } from '../../../push/index.ts';
import type { PushTargetReport } from '../../../report/index.ts';
import type { Run } from '../run.ts';

/** A registry that is started in the same job is up within seconds. */
const WAIT_MILLISECONDS = 60_000;

/**
 * Pushes the images of a run from the store to its targets; undefined where there are none.
 * @param bringBack brings a blob again that turned out to be damaged
 */
export async function pushStore(
  content: Content,
  { session, options, io: { emit, signal } }: Run,
  bringBack?: (digest: Digest) => Promise<void>,
): Promise<PushTargetReport[] | undefined> {
  const { push, index, pushPolicy: policy, onError, dryRun, parallel, retries } = options;
  if (push.length === 0) return undefined;
  return pushToTargets(push, {
    client: session.client,
    content,
    index,
    policy,
    onError,
    dryRun,
    parallel,
    retries,
    waitMilliseconds: WAIT_MILLISECONDS,
    bringBack,
    emit,
    signal,
  });
}
