import type { Digest } from '../oci/digest.ts';
import type { PushContext } from './context.ts';
import { decide } from './decide.ts';
import { findOne, hasBelow } from './find-pushed.ts';
import type { PushName } from './plan.ts';
import type { NameResult } from './result.ts';
import { whenThere } from './when-there.ts';

/** Settles what needs nothing more; returns the others, in their order. */
export async function findTodo(
  names: readonly PushName[],
  settle: (name: PushName, result: NameResult) => void,
  context: PushContext,
): Promise<PushName[]> {
  const { client, policy, dryRun, emit, signal } = context;
  const [first, ...others] = names;
  if (first === undefined) return [];
  const ask = (once: boolean, { to }: PushName): ReturnType<typeof findOne> =>
    findOne(to, client, { signal, once });
  // The first one waits for a target that is not up yet; an unchanged push costs nothing but these.
  const began = await whenThere(first.to.domain, () => ask(true, first), context);
  const found = [began, ...(await Promise.all(others.map((name) => ask(false, name))))];
  const [doubt] = found.flatMap(({ error }) => (error === undefined ? [] : [error]));
  if (dryRun && doubt !== undefined) {
    const message = `${first.to.domain} does not tell what it has, and may refuse the push: ${doubt.message}`;
    emit({ type: 'log', level: 'warning', message });
  }
  const decisions = await Promise.all(
    names.map(async (name, at) => {
      const told = found[at] ?? { found: undefined };
      if (await isTorn(name, told.found, { client, signal })) return { kind: 'push' as const };
      return decide(name, told, policy);
    }),
  );
  return names.filter((name, at) => {
    const decision = decisions[at];
    if (decision?.kind !== 'settled') return true;
    settle(name, decision.result);
    return false;
  });
}

/** Whether a target has a sparse index without all that this push takes of it: another run took other platforms. */
async function isTorn(
  { to, sparse, variants: [original] }: PushName,
  there: Digest | undefined,
  { client, signal }: Pick<PushContext, 'client' | 'signal'>,
): Promise<boolean> {
  if (!sparse || original.narrowed || there !== original.digest) return false;
  const below = original.manifests.filter((digest) => digest !== original.digest);
  return !(await hasBelow(to, below, client, signal));
}
