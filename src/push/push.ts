import type { PushTargetReport } from '../report/index.ts';
import type { PushContext } from './context.ts';
import { planPush } from './plan.ts';
import { pushTarget } from './push-target.ts';
import type { PushTarget } from './target.ts';

/**
 * Pushes the images of a lock to registries, each digest as it is. A tag is put when all that it names is there. What is
 * there already is not sent: an unchanged push is one HEAD a name. Failures of one target do not keep others from
 * theirs; they are in the reports, which have the targets' order.
 * @throws OciSaveError `usage` where two images would have one name at a target; the signal's reason
 */
export async function pushToTargets(
  targets: readonly PushTarget[],
  context: PushContext,
): Promise<PushTargetReport[]> {
  const { content, index, dryRun, emit } = context;
  const plans = targets.map((target) => planPush(content.lock, content.manifests, target, index));
  const total = plans.reduce((sum, names) => sum + names.length, 0);
  emit({ type: 'stage', stage: dryRun ? 'compare' : 'push', total });
  return Promise.all(targets.map((target, at) => pushTarget(target, plans[at] ?? [], context)));
}
