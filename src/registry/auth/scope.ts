import type { Repository } from '../repository.ts';

/** The scope for reading one repository (distribution, spec/auth/scope.md). */
export function pullScope({ path }: Repository): string {
  return `repository:${path}:pull`;
}

/** The scope for writing to one repository; `from` is another one from which blobs are mounted. */
export function pushScope({ path }: Repository, from?: string): string {
  const own = `repository:${path}:pull,push`;
  return from === undefined ? own : joinScopes(own, `repository:${from}:pull`);
}

/**
 * Two lists of scopes as one, each resource once with all of its actions. A registry may ask for less than what is to
 * be done (ghcr.io asks for pull alone on a first upload), and for more.
 */
export function joinScopes(one: string, other: string): string {
  const actions = new Map<string, Set<string>>();
  for (const scope of `${one} ${other}`.split(' ')) {
    const colon = scope.lastIndexOf(':');
    if (colon <= 0) continue;
    const resource = scope.slice(0, colon);
    const known = actions.get(resource) ?? new Set<string>();
    for (const action of scope.slice(colon + 1).split(',')) known.add(action);
    actions.set(resource, known);
  }
  return [...actions].map(([resource, all]) => `${resource}:${[...all].toSorted().join(',')}`).join(' ');
}
