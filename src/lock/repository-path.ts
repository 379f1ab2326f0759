import { isRepositoryPath } from '../oci/reference.ts';

/** Clients and registries stop here (distribution-spec, Pulling manifests). */
const MAX_LENGTH = 255;

/** Folders that zot's walk passes over, with all below them (storage/imagestore.go). */
const UNLISTED = ['blobs', '.uploads', '.sync'];

/** File names of a layout: a folder of that name cannot stand inside another repository's layout. */
const LAYOUT_FILES = new Set(['index.json', 'oci-layout']);

/**
 * The folder of a stored name below the zot root. A port's colon becomes `_` and capitals are lowered, since zot
 * serves neither: `localhost:5000/x` stands in `localhost_5000/x`. `[::1]:5000` becomes `ipv6-0--1_5000`.
 */
export function repositoryPath(storedName: string): string {
  const slash = storedName.indexOf('/');
  const [host, rest] = slash < 0 ? ['', storedName] : [storedName.slice(0, slash), storedName.slice(slash)];
  const bracketed = /^\[(.+)\](?::(\d+))?$/.exec(host);
  if (!bracketed) return host.toLowerCase().replace(':', '_') + rest;
  const [, address = '', port] = bracketed;
  const plain = address.toLowerCase().replace(/^:/, '0:').replace(/:$/, ':0').replaceAll(':', '-');
  return `ipv6-${plain}${port === undefined ? '' : `_${port}`}${rest}`;
}

/**
 * Why zot could not serve or list a repository of that path; undefined where it can. Its grammar (pkg/regexp/regexp.go)
 * is that of distribution-spec: lower case, no port.
 */
export function whyUnservable(repository: string): string | undefined {
  if (repository.length > MAX_LENGTH) return `its name is longer than ${MAX_LENGTH} characters`;
  if (!isRepositoryPath(repository)) return `zot serves no repository named '${repository}'`;
  for (const component of repository.split('/')) {
    const suffix = UNLISTED.find((ending) => component.endsWith(ending));
    if (suffix !== undefined) return `zot lists no repository with a component that ends in '${suffix}'`;
    if (LAYOUT_FILES.has(component)) return `a component named '${component}' would meet a layout's own file`;
  }
  return undefined;
}
