import type { IncomingHttpHeaders } from 'node:http';
import { isDigest } from '../oci/digest.ts';
import { isRefusal, refusalAnswer, refuse, type Answer } from './answer.ts';
import { checkSize, openBlob, partOf, smallBlob, wholeOf, type OpenBlob } from './blobs.ts';
import { entityTag, isRangeCurrent, isUnmodified } from './conditional.ts';
import { chooseRange, type RangeChoice } from './range.ts';
import type { RegistryTree } from './repository.ts';

/** Answers GET and HEAD of a blob. An answer that streams owns the open file; all others have closed it. */
export async function blobAnswer(
  tree: RegistryTree,
  name: string,
  digest: string,
  isHead: boolean,
  headers: IncomingHttpHeaders,
): Promise<Answer> {
  if (!isDigest(digest)) return refusalAnswer(refuse(400, 'DIGEST_INVALID', 'not a sha256 digest'));
  const blob = await openBlob(tree.root, name, digest);
  if (!blob) return refusalAnswer(refuse(404, 'BLOB_UNKNOWN', `${name} has no blob ${digest}`));
  let isHandedOn = false;
  try {
    const answer = await answerOpen(tree, name, blob, isHead, headers);
    isHandedOn = answer.body !== undefined && 'close' in answer.body;
    return answer;
  } finally {
    if (!isHandedOn) await blob.file.handle.close();
  }
}

async function answerOpen(
  tree: RegistryTree,
  name: string,
  blob: OpenBlob,
  isHead: boolean,
  headers: IncomingHttpHeaders,
): Promise<Answer> {
  const { digest, file } = blob;
  const shared = { 'docker-content-digest': digest, etag: entityTag(digest), 'accept-ranges': 'bytes' };
  if (isUnmodified(headers['if-none-match'], digest)) return { status: 304, headers: shared };
  const isRanged = isRangeCurrent(headers['if-range'], digest);
  const range = chooseRange(isRanged ? headers.range : undefined, file.size);
  if (isHead || range.kind !== 'whole') {
    const refusal = await checkSize(tree, name, blob);
    if (refusal) return refusalAnswer(refusal);
  }
  const typed = { ...shared, 'content-type': 'application/octet-stream' };
  if (isHead) return { status: 200, headers: { ...typed, 'content-length': String(file.size) } };
  return rangeAnswer(blob, range, typed);
}

async function rangeAnswer(
  blob: OpenBlob,
  range: RangeChoice,
  headers: Readonly<Record<string, string>>,
): Promise<Answer> {
  const { size } = blob.file;
  if (range.kind === 'unsatisfiable') {
    return { status: 416, headers: { 'content-range': `bytes */${size}`, 'content-length': '0' } };
  }
  if (range.kind === 'whole') {
    const body = (await smallBlob(blob)) ?? wholeOf(blob);
    if (isRefusal(body)) return refusalAnswer(body);
    return { status: 200, headers: { ...headers, 'content-length': String(size) }, body };
  }
  const { start, end } = range;
  const body = end - start + 1 === size ? wholeOf(blob) : partOf(blob, start, end);
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
