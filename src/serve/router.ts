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
 * The route of a request's path, without its query, as it stands in the request line: escapes are not resolved,
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
  if (third === 'blobs' && second === 'uploads') {
    return named(segments.slice(0, -3).join('/'), (name) => ({ kind: 'uploads', name }));
  }
  if (second === 'blobs' && last === 'uploads') return named(name, (name) => ({ kind: 'uploads', name }));
  if (last === '') return NONE;
  if (second === 'tags' && last === 'list') return named(name, (name) => ({ kind: 'tags', name }));
  if (second === 'manifests') return named(name, (name) => ({ kind: 'manifest', name, reference: last }));
  if (second === 'blobs') return named(name, (name) => ({ kind: 'blob', name, digest: last }));
  if (second === 'referrers') return named(name, (name) => ({ kind: 'referrers', name, digest: last }));
  return NONE;
}

function named(name: string, route: (name: string) => Route): Route {
  return isRepositoryName(name) ? route(name) : { kind: 'bad-name', name };
}

const COMPONENT = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const NAME = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`);

/**
 * Whether a text is a repository's name by the grammar of distribution-spec ("Pulling manifests"), which is zot's
 * too (pkg/regexp). It holds no `..`, no empty component and no capital, so it is a safe relative path as well.
 */
export function isRepositoryName(text: string): boolean {
  return NAME.test(text);
}
