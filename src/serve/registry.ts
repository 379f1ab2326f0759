import type { IncomingHttpHeaders } from 'node:http';
import { isDigest } from '../oci/digest.ts';
import { isRefusal, jsonAnswer, refusalAnswer, refuse, type Answer } from './answer.ts';
import { blobAnswer } from './blob-answer.ts';
import { walkRepositories } from './catalog.ts';
import { entityTag, isUnmodified } from './conditional.ts';
import { OCI_INDEX } from './manifest.ts';
import { compareInWalkOrder } from './name.ts';
import { nextLink, parsePageRequest, takePage } from './page.ts';
import { listReferrers } from './referrers.ts';
import { findManifest, requireIndex, type RegistryTree } from './repository.ts';
import { routeOf } from './router.ts';

export interface RegistryRequest {
  readonly method: string;
  /** The path as sent, without its query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
}

/**
 * Answers one request to the registry. Writes get 405 with UNSUPPORTED: distribution-spec asks for it where
 * deletion is off, and clients print it as it stands, where a 401, zot's answer to a write without rights, sends
 * them off to look for credentials.
 */
export async function answerRequest(tree: RegistryTree, request: RegistryRequest): Promise<Answer> {
  const { method, path, query, headers } = request;
  const route = routeOf(path);
  if (route.kind === 'none') return refusalAnswer(refuse(404, 'UNKNOWN', 'no such path'));
  if (method !== 'GET' && method !== 'HEAD') return unsupported();
  if (route.kind === 'ping') return jsonAnswer({});
  if (route.kind === 'health') return healthy();
  if (route.kind === 'catalog') return catalogAnswer(tree, query);
  if (route.kind === 'tags') return tagsAnswer(tree, route.name, query);
  if (route.kind === 'manifest') return manifestAnswer(tree, route.name, route.reference, headers);
  if (route.kind === 'referrers') return referrersAnswer(tree, route.name, route.digest, query);
  if (route.kind === 'blob') return blobAnswer(tree, route.name, route.digest, method === 'HEAD', headers);
  if (route.kind === 'uploads') {
    return refusalAnswer(refuse(404, 'BLOB_UPLOAD_UNKNOWN', 'this registry takes no uploads'));
  }
  return refusalAnswer(refuse(404, 'NAME_INVALID', 'the name does not fit the grammar of repositories'));
}

function healthy(): Answer {
  return {
    status: 200,
    headers: { 'content-type': 'text/plain', 'content-length': '2' },
    body: new TextEncoder().encode('ok'),
  };
}

function unsupported(): Answer {
  const answer = refusalAnswer(refuse(405, 'UNSUPPORTED', 'this registry can only be read'));
  return { ...answer, headers: { ...answer.headers, allow: 'GET, HEAD' } };
}

async function catalogAnswer(tree: RegistryTree, query: URLSearchParams): Promise<Answer> {
  const wanted = parsePageRequest(query);
  if (isRefusal(wanted)) return refusalAnswer(wanted);
  const page = await takePage(walkRepositories(tree.root), wanted, compareInWalkOrder);
  return jsonAnswer({ repositories: page.items }, 200, nextLink('/v2/_catalog', page, wanted.count));
}

/** Tags are listed as they stand in index.json, even those that no path can name: so does zot. */
async function tagsAnswer(tree: RegistryTree, name: string, query: URLSearchParams): Promise<Answer> {
  const wanted = parsePageRequest(query);
  if (isRefusal(wanted)) return refusalAnswer(wanted);
  const index = await requireIndex(tree, name);
  if (isRefusal(index)) return refusalAnswer(index);
  const tags = index.entries.flatMap(({ tag }) => (tag === undefined ? [] : [tag])).sort();
  const page = await takePage(tags, wanted, (left, right) => (left === right ? 0 : left < right ? -1 : 1));
  const link = nextLink(`/v2/${name}/tags/list`, page, wanted.count);
  return jsonAnswer({ name, tags: page.items }, 200, link);
}

async function manifestAnswer(
  tree: RegistryTree,
  name: string,
  reference: string,
  headers: IncomingHttpHeaders,
): Promise<Answer> {
  const manifest = await findManifest(tree, name, reference);
  if (isRefusal(manifest)) return refusalAnswer(manifest);
  const { bytes, digest, mediaType } = manifest;
  const shared = { 'docker-content-digest': digest, etag: entityTag(digest) };
  if (isUnmodified(headers['if-none-match'], digest)) return { status: 304, headers: shared };
  return {
    status: 200,
    headers: { ...shared, 'content-type': mediaType, 'content-length': String(bytes.length) },
    body: bytes,
  };
}

async function referrersAnswer(
  tree: RegistryTree,
  name: string,
  digest: string,
  query: URLSearchParams,
): Promise<Answer> {
  if (!isDigest(digest)) return refusalAnswer(refuse(400, 'DIGEST_INVALID', 'not a sha256 digest'));
  const artifactTypes = query.getAll('artifactType');
  const manifests = await listReferrers(tree, name, digest, artifactTypes);
  if (isRefusal(manifests)) return refusalAnswer(manifests);
  return jsonAnswer({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }, 200, {
    'content-type': OCI_INDEX,
    ...(artifactTypes.length > 0 ? { 'oci-filters-applied': 'artifactType' } : {}),
  });
}
