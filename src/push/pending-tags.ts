import { setTimeout as pause } from 'node:timers/promises';
import { OciSaveError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import { isTemporary, isUnknownName } from '../registry/index.ts';
import type { PushContext } from './context.ts';
import { decide, type NameResult, type TagState } from './decide.ts';
import { hasAll, readTag } from './find-pushed.ts';
import type { PushName } from './plan.ts';

const PAUSE_MILLISECONDS = 500;

/**
 * The names whose tags are still to be pushed, in their order, and what the target has under them; the others are settled
 * with their results.
 */
export async function findPendingTags(
  names: readonly PushName[],
  settle: (name: PushName, result: NameResult) => void,
  context: PushContext,
): Promise<Map<PushName, Digest | undefined>> {
  const pending = new Map<PushName, Digest | undefined>();
  const { client, policy, dryRun, emit, signal } = context;
  const [first, ...others] = names;
  if (first === undefined) return pending;
  const stateOf = ({ to }: PushName, once = false): Promise<TagState> =>
    readTag(to, client, { signal, once });
  // The first one waits for a target that is not up yet; an unchanged push sends only these requests.
  const firstState = await whenUp(first.to.domain, () => stateOf(first, true), context);
  const states = [firstState, ...(await Promise.all(others.map((name) => stateOf(name))))];
  const doubt = states.find(({ error }) => error !== undefined)?.error;
  if (dryRun && doubt !== undefined) {
    const message = `${first.to.domain} does not say what it has, and may refuse the push: ${doubt.message}`;
    emit({ type: 'log', level: 'warning', message });
  }
  const results = await Promise.all(
    names.map(async (name, at) => {
      const state = states[at] ?? { found: undefined };
      return (await lacksChildren(name, state, context)) ? undefined : decide(name, state, policy);
    }),
  );
  for (const [at, name] of names.entries()) {
    const result = results[at];
    if (result === undefined) pending.set(name, states[at]?.found);
    else settle(name, result);
  }
  return pending;
}

/** Whether a target has a sparse index and not all children that this push has: another run took other platforms. */
async function lacksChildren(
  { to, sparse, variants: [original] }: PushName,
  { found }: TagState,
  { client, signal }: PushContext,
): Promise<boolean> {
  if (!sparse || original.narrowed || found !== original.digest) return false;
  const below = original.manifests.filter((digest) => digest !== original.digest);
  return !(await hasAll(to, below, client, signal));
}

/**
 * Asks a registry until it responds: one that is started in the same job is not up at once. An error that does not end by
 * waiting (a host's name that does not resolve, a certificate, a refusal) is thrown at once.
 * @throws OciSaveError `network` where it does not respond in time; what `ask` throws
 */
async function whenUp<T>(
  domain: string,
  ask: () => Promise<T>,
  { waitMilliseconds, emit, signal }: PushContext,
): Promise<T> {
  const deadline = performance.now() + waitMilliseconds;
  const seconds = Math.round(waitMilliseconds / 1000);
  for (let attempts = 0; ; attempts += 1) {
    try {
      return await ask();
    } catch (error) {
      signal?.throwIfAborted();
      if (!isTemporary(error) || isUnknownName(error)) throw error;
      const left = deadline - performance.now();
      if (left <= 0) {
        throw new OciSaveError({
          code: 'network',
          message: `${domain} did not answer as a registry within ${seconds} s`,
          // Of a proxy on the way the error knows more.
          hint:
            (error instanceof OciSaveError ? error.hint : undefined) ??
            'Check that it runs, and the host and the port.',
          cause: error,
        });
      }
      const message = `${domain} is not there yet; waiting for it, at most ${seconds} s`;
      if (attempts === 0) emit({ type: 'log', level: 'info', message });
      await pause(Math.min(left, PAUSE_MILLISECONDS), undefined, signal ? { signal } : {});
    }
  }
}
