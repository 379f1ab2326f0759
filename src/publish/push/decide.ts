import { OciSaveError } from '../../errors.ts';
import { type Digest, shortDigest } from '../../oci/digest.ts';
import { type PushName, variantOf } from './plan.ts';
import type { NameResult } from './result.ts';

export type PushPolicy = 'always' | 'if-missing' | 'fail-if-different';

/** What a name needs: nothing more, as a result, or to be pushed. */
export type Decision = { readonly kind: 'settled'; readonly result: NameResult } | { readonly kind: 'push' };

/**
 * What becomes of a name of which a target has `found`. The same digest is always success, whatever the policy; of a
 * sparse image what stands in for it is the same, where it may. Pure.
 */
export function decide(name: PushName, found: Digest | undefined, policy: PushPolicy): Decision {
  if (found === undefined) return { kind: 'push' };
  const variant = variantOf(name, found);
  if (variant !== undefined)
    return settled({ status: 'unchanged', there: found, narrowed: variant.narrowed });
  if (policy === 'always') return { kind: 'push' };
  if (policy === 'if-missing') return settled({ status: 'kept', there: found });
  return settled({ status: 'failed', there: found, error: different(name, found) });
}

const settled = (result: NameResult): Decision => ({ kind: 'settled', result });

function different({ to, variants: [wanted] }: PushName, found: Digest): OciSaveError {
  return new OciSaveError({
    code: 'digest',
    message: `${to.text} has ${shortDigest(found)} there, not ${shortDigest(wanted.digest)}, and push-policy is fail-if-different`,
    hint: 'Push it under another tag (source => name in the list), or use --push-policy always or if-missing.',
  });
}
