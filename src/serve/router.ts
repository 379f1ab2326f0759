import { isRepositoryPath } from '../oci/reference.ts';

/** What a path requests. A `name` fits the grammar of names; references and digests are as they were sent. */
export type Route =
  | { readonly kind: 'health' | 'ping' | 'catalog' | 'none' }
  | { readonly kind: 'bad-name'; readonly name: string }
  | { readonly kind: 'tags' | 'uploads'; readonly name: string }
  | { readonly kind: 'manifest'; readonly name: string; readonly reference: string }
  | { readonly kind: 'blob' | 'referrers'; readonly name: string; readonly digest: string };

const HEALTH: ReadonlySet<string> = new Set(['/livez', '/readyz', '/startupz']);
const NONE: Route = { kind: 'none' };

/**
 * The route of a request's path, without its query, as the request line has it: escapes are not resolved,
 * and zot does not know `%2F` or `%3A` in a path either. It is read from its end, since a name may itself hold
 * `manifests`, `blobs` or `tags/list`.
 */
export function routeOf(path: string): Route {
  if (HEALTH.has(path)) return { kind: 'health' };
  if (path === '/v2/') return { kind: 'ping' };
  if (path === '/v2/_catalog') return { kind: 'catalog' };
  if (!path.startsWith('/v2/')) return NONE;
  return repositoryRoute(path.slice('/v2/'.length).split('/'));
}

function repositoryRoute(segments: readonly string[]): Route {
  const [third, second, last] = [segments.at(-3), segments.at(-2), segments.at(-1)];
  if (second === undefined || last === undefined) return NONE;
  const name = segments.slice(0, -2).join('/');
  if (third === 'blobs' && second === 'uploads')
    return named({ kind: 'uploads', name: segments.slice(0, -3).join('/') });
  if (second === 'blobs' && last === 'uploads') return named({ kind: 'uploads', name });
  if (last === '') return NONE;
  if (second === 'tags' && last === 'list') return named({ kind: 'tags', name });
  if (second === 'manifests') return named({ kind: 'manifest', name, reference: last });
  if (second === 'blobs') return named({ kind: 'blob', name, digest: last });
  if (second === 'referrers') return named({ kind: 'referrers', name, digest: last });
  return NONE;
}

/** zot has the same grammar (pkg/regexp). It allows no `..` and no empty component, so a name is a safe relative path. */
function named(route: Route & { readonly name: string }): Route {
  return isRepositoryPath(route.name) ? route : { kind: 'bad-name', name: route.name };
}
