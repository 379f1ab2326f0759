import type { IncomingHttpHeaders } from 'node:http';
import { isDigest } from '../oci/digest.ts';
import { OCI_INDEX } from '../oci/media-type.ts';
import { byText } from '../text/by-text.ts';
import { blobResponse } from './blob-response.ts';
import { compareInWalkOrder, walkRepositories } from './catalog.ts';
import { entityTag, isUnmodified } from './conditional.ts';
import { findManifest, type RegistryTree, requireIndex } from './manifest.ts';
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
import { routeOf } from './router.ts';

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
  const route = routeOf(path);
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
  const page = await takePage(walkRepositories(tree.root), wanted, compareInWalkOrder);
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
