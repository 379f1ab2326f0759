import { OciSaveError } from '../errors.ts';
import { type Digest, shortDigest } from '../oci/digest.ts';
import { type PushName, variantOf } from './plan.ts';
import type { NameResult } from './result.ts';
import { hint, option } from '../text/hint.ts';

export type PushPolicy = 'always' | 'if-missing' | 'fail-if-different';

/** What a name needs: nothing more, as a result, or to be pushed. */
export type Decision = { readonly kind: 'settled'; readonly result: NameResult } | { readonly kind: 'push' };

/** What a target says of a name: what it has there, or why it does not tell. */
export interface Told {
  readonly found: Digest | undefined;
  readonly error?: OciSaveError | undefined;
}

/**
 * What becomes of a name, by what a target says of it. A policy that leaves tags alone cannot be kept where nobody
 * tells whether there is one. The same digest is always success, whatever the policy; of a sparse image what stands in
 * for it is the same, where it may. Pure.
 */
export function decide(name: PushName, { found, error }: Told, policy: PushPolicy): Decision {
  if (found === undefined) {
    const blind = error !== undefined && policy !== 'always';
    return blind ? settled({ status: 'failed', error: untold(name, policy, error) }) : { kind: 'push' };
  }
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
    hint: hint`Push it under another tag (source => name in the list), or use ${option('pushPolicy', 'always')} or if-missing.`,
  });
}

function untold({ to }: PushName, policy: PushPolicy, why: OciSaveError): OciSaveError {
  const { code, message, cause } = why;
  return new OciSaveError({
    code,
    message: `whether ${to.text} is there is not known, and push-policy is ${policy}: ${message}`,
    hint: hint`Give the login the right to pull there, or push again; ${option('pushPolicy', 'always')} pushes over whatever is there.`,
    cause,
  });
}
