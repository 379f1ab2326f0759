import { OciSaveError } from '../errors.ts';
import { type Digest, shortDigest } from '../oci/digest.ts';
import type { PushedName } from '../report/index.ts';
import { hint, option } from '../text/hint.ts';
import type { PushName } from './plan.ts';

export type PushPolicy = 'always' | 'if-missing' | 'fail-if-different';

/** The result of one name. */
export interface NameResult {
  readonly status: PushedName['status'];
  /** What the target has under the name now, where that is known. */
  readonly there?: Digest | undefined;
  /** Another digest that the target had under the name. */
  readonly before?: Digest | undefined;
  readonly narrowed?: boolean | undefined;
  /** What a push would put in place of a sparse image, always or where the target refuses that. */
  readonly standIn?: Digest | undefined;
  /** How many of its referrers were sent; of a name that a push would send, how many it has. */
  readonly referrers?: number | undefined;
  /** How many of its referrers belong to what the target does not have under the name. */
  readonly referrersLeftOut?: number | undefined;
  /** An error that several names share is reported once. */
  readonly error?: unknown;
}

/** What a target has under a name, or why that is not known. */
export interface TagState {
  /** Undefined where the target does not have the tag, and where `error` says why that is not known. */
  readonly found: Digest | undefined;
  readonly error?: OciSaveError | undefined;
}

/**
 * The result of a name that needs no push, by what its target has; undefined for one that is to be pushed. A policy that
 * leaves existing tags alone fails where it is not known whether there is one. The same digest is success under every
 * policy, and so is the substitute of a sparse image. Pure.
 */
export function decide(
  name: PushName,
  { found, error }: TagState,
  policy: PushPolicy,
): NameResult | undefined {
  if (found === undefined) {
    if (error === undefined || policy === 'always') return undefined;
    return { status: 'failed', error: unknownState(name, policy, error) };
  }
  const variant = name.variants.find(({ digest }) => digest === found);
  if (variant !== undefined) return { status: 'unchanged', there: found, narrowed: variant.narrowed };
  if (policy === 'always') return undefined;
  if (policy === 'if-missing') return { status: 'kept', there: found };
  return { status: 'failed', there: found, error: different(name, found) };
}

function different({ to, variants: [wanted] }: PushName, found: Digest): OciSaveError {
  return new OciSaveError({
    code: 'digest',
    message: `${to.text} has ${shortDigest(found)} there, not ${shortDigest(wanted.digest)}, and push-policy is fail-if-different`,
    hint: hint`Push it under another tag (source => name in the list), or use ${option('pushPolicy', 'always')} or if-missing.`,
  });
}

function unknownState(
  { to }: PushName,
  policy: PushPolicy,
  { code, message, hintParts = 'Push again.', cause }: OciSaveError,
): OciSaveError {
  return new OciSaveError({
    code,
    message: `whether ${to.text} is there is not known, and push-policy is ${policy}: ${message}`,
    hint: hint`${hintParts} ${option('pushPolicy', 'always')} replaces what is there.`,
    cause,
  });
}
