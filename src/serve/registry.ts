import type { IncomingHttpHeaders } from 'node:http';
import { isDigest } from '../oci/digest.ts';
import { isRepositoryPath } from '../oci/reference.ts';
import { OCI_INDEX } from '../oci/media-type.ts';
import { byText } from '../text/by-text.ts';
import { blobResponse } from './blob-response.ts';
import { entityTag, isUnmodified } from './conditional.ts';
import { findManifest, type RegistryTree, requireIndex } from './tree/manifest.ts';
import { compareInWalkOrder } from './tree/tree-files.ts';
import { nextLink, parsePageRequest, takePage } from './page.ts';
import { listReferrers } from './referrers.ts';
import {
  isRefusal,
  jsonResponse,
  refusalResponse,
  type Refusal,
  refuse,
  type RegistryResponse,
} from './response.ts';
import { type Route, routeOf } from './router.ts';

export interface RegistryRequest {
  readonly method: string;
  /** The path as sent, without its query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
}

/**
 * Responds to one request. Writes get 405 with UNSUPPORTED: distribution-spec demands it where deletion is off, and
 * clients print it, while a 401, zot's response to a write without rights, makes them look for credentials.
 */
export async function handleRequest(tree: RegistryTree, request: RegistryRequest): Promise<RegistryResponse> {
  const response = await routed(tree, request);
  return isRefusal(response) ? refusalResponse(response) : response;
}

type Outcome = RegistryResponse | Refusal;

async function routed(tree: RegistryTree, request: RegistryRequest): Promise<Outcome> {
  const { method, path, query, headers } = request;
  const asked = routeOf(path);
  const host = query.get('ns') ?? '';
  const route = 'name' in asked && host !== '' ? await mirrored(tree, asked, host) : asked;
  if (route.kind === 'none') return refuse(404, 'UNKNOWN', 'no such path');
  if (method !== 'GET' && method !== 'HEAD') return readOnly();
  switch (route.kind) {
    case 'ping':
      return jsonResponse({});
    case 'health':
      return healthy();
    case 'catalog':
      return catalogResponse(tree, query);
    case 'tags':
      return tagsResponse(tree, route.name, query);
    case 'manifest':
      return manifestResponse(tree, route.name, route.reference, headers);
    case 'referrers':
      return referrersResponse(tree, route.name, route.digest, query);
    case 'blob':
      return blobResponse(tree, route.name, route.digest, method === 'HEAD', headers);
    case 'uploads':
      return refuse(404, 'BLOB_UPLOAD_UNKNOWN', 'this registry takes no uploads');
    case 'bad-name':
      return refuse(404, 'NAME_INVALID', 'the name does not fit the grammar of repositories');
  }
}

/**
 * A client that has this registry as a mirror of others leaves the host out of the path, and names it by `ns`
 * (containerd, docs/hosts.md): `/v2/library/one` with `ns=docker.io` is `docker.io/library/one`. Where the mirror's address has
 * the host in its path, the path is the whole name already. Any other path with `ns` is of a host of which there is nothing.
 */
async function mirrored(
  tree: RegistryTree,
  route: Extract<Route, { readonly name: string }>,
  host: string,
): Promise<Route> {
  const { name } = route;
  // Ports and capital letters of a host are written so in a repository's folder.
  const prefix = `${host.slice(0, MAX_HOST).toLowerCase().replace(':', '_')}/`;
  const whole = prefix + name;
  if (!isRepositoryPath(whole) || route.kind === 'bad-name') return { kind: 'bad-name', name: whole };
  const isThere = (await tree.readIndex(whole)) !== undefined;
  return isThere || !name.startsWith(prefix) ? { ...route, name: whole } : route;
}

/** No host's name is longer (RFC 1035, 2.3.4), and a port has at most six characters with its colon. */
const MAX_HOST = 261;

function healthy(): RegistryResponse {
  return {
    status: 200,
    headers: { 'content-type': 'text/plain', 'content-length': '2' },
    body: new TextEncoder().encode('ok'),
  };
}

function readOnly(): RegistryResponse {
  const response = refusalResponse(refuse(405, 'UNSUPPORTED', 'this registry can only be read'));
  return { ...response, headers: { ...response.headers, allow: 'GET, HEAD' } };
}

async function catalogResponse(tree: RegistryTree, query: URLSearchParams): Promise<Outcome> {
  const wanted = parsePageRequest(query);
  if (isRefusal(wanted)) return wanted;
  const page = await takePage(tree.files.repositories(), wanted, compareInWalkOrder);
  return jsonResponse({ repositories: page.items }, 200, nextLink('/v2/_catalog', page, wanted.count));
}

/** Tags are listed as index.json has them, even those that no path can name, as zot does. */
async function tagsResponse(tree: RegistryTree, name: string, query: URLSearchParams): Promise<Outcome> {
  const wanted = parsePageRequest(query);
  if (isRefusal(wanted)) return wanted;
  const index = await requireIndex(tree, name);
  if (isRefusal(index)) return index;
  const tags = index.entries.flatMap(({ tag }) => (tag === undefined ? [] : [tag])).sort();
  const page = await takePage(tags, wanted, byText);
  const link = nextLink(`/v2/${name}/tags/list`, page, wanted.count);
  return jsonResponse({ name, tags: page.items }, 200, link);
}

async function manifestResponse(
  tree: RegistryTree,
  name: string,
  reference: string,
  headers: IncomingHttpHeaders,
): Promise<Outcome> {
  const manifest = await findManifest(tree, name, reference);
  if (isRefusal(manifest)) return manifest;
  const { bytes, digest, mediaType } = manifest;
  const shared = { 'docker-content-digest': digest, etag: entityTag(digest) };
  if (isUnmodified(headers['if-none-match'], digest)) return { status: 304, headers: shared };
  return {
    status: 200,
    headers: { ...shared, 'content-type': mediaType, 'content-length': String(bytes.length) },
    body: bytes,
  };
}

async function referrersResponse(
  tree: RegistryTree,
  name: string,
  digest: string,
  query: URLSearchParams,
): Promise<Outcome> {
  if (!isDigest(digest)) return refuse(400, 'DIGEST_INVALID', 'not a sha256 digest');
  const artifactTypes = query.getAll('artifactType');
  const manifests = await listReferrers(tree, name, digest, artifactTypes);
  if (isRefusal(manifests)) return manifests;
  return jsonResponse({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }, 200, {
    'content-type': OCI_INDEX,
    ...(artifactTypes.length > 0 ? { 'oci-filters-applied': 'artifactType' } : {}),
  });
}
