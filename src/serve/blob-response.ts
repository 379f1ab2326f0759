import type { IncomingHttpHeaders } from 'node:http';
import { isDigest } from '../oci/digest.ts';
import { checkSize, damagedBlob, openBlob, type OpenBlob, partOf, smallBlob, wholeOf } from './blobs.ts';
import { chooseRange, entityTag, isRangeCurrent, isUnmodified, type RangeChoice } from './conditional.ts';
import type { RegistryTree } from './tree/manifest.ts';
import { isRefusal, type Refusal, refuse, type RegistryResponse } from './response.ts';

/** Responds to GET and HEAD of a blob. A response that streams owns the open file; all others have closed it. */
export async function blobResponse(
  tree: RegistryTree,
  name: string,
  digest: string,
  isHead: boolean,
  headers: IncomingHttpHeaders,
): Promise<RegistryResponse | Refusal> {
  if (!isDigest(digest)) return refuse(400, 'DIGEST_INVALID', 'not a sha256 digest');
  const blob = await openBlob(tree.files, name, digest);
  if (!blob) return refuse(404, 'BLOB_UNKNOWN', `${name} has no blob ${digest}`);
  let isHandedOn = false;
  try {
    const response = await openResponse(tree, name, blob, isHead, headers);
    isHandedOn = !isRefusal(response) && response.body !== undefined && 'close' in response.body;
    return response;
  } finally {
    if (!isHandedOn) await blob.file.close();
  }
}

async function openResponse(
  tree: RegistryTree,
  name: string,
  blob: OpenBlob,
  isHead: boolean,
  headers: IncomingHttpHeaders,
): Promise<RegistryResponse | Refusal> {
  const { digest, file } = blob;
  const shared = { 'docker-content-digest': digest, etag: entityTag(digest), 'accept-ranges': 'bytes' };
  if (isUnmodified(headers['if-none-match'], digest)) return { status: 304, headers: shared };
  const isRanged = isRangeCurrent(headers['if-range'], digest);
  const range = chooseRange(isRanged ? headers.range : undefined, file.size);
  if (isHead || range.kind !== 'whole') {
    const refusal = await checkSize(tree, name, blob);
    if (refusal) return refusal;
  }
  const typed = { ...shared, 'content-type': 'application/octet-stream' };
  if (isHead) return { status: 200, headers: { ...typed, 'content-length': String(file.size) } };
  return rangeResponse(tree, blob, range, typed);
}

async function rangeResponse(
  tree: RegistryTree,
  blob: OpenBlob,
  range: RangeChoice,
  headers: Readonly<Record<string, string>>,
): Promise<RegistryResponse | Refusal> {
  const { size } = blob.file;
  if (range.kind === 'unsatisfiable') {
    return { status: 416, headers: { 'content-range': `bytes */${size}`, 'content-length': '0' } };
  }
  if (range.kind === 'whole') {
    const body = (await smallBlob(blob)) ?? wholeOf(blob);
    if (isRefusal(body)) return body;
    return { status: 200, headers: { ...headers, 'content-length': String(size) }, body };
  }
  const { start, end } = range;
  const isWhole = end - start + 1 === size;
  if (!isWhole && !(await tree.isSound(blob))) return damagedBlob(blob);
  const body = isWhole ? wholeOf(blob) : partOf(blob, start, end);
  return {
    status: 206,
    headers: {
      ...headers,
      'content-length': String(body.size),
      'content-range': `bytes ${start}-${end}/${size}`,
    },
    body,
  };
}
