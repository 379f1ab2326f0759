import { digestOf } from '../../../src/oci/digest.ts';
import { ACCEPTED_MANIFESTS } from '../../../src/oci/media-type.ts';
import { type Answer, errorAnswer, htmlAnswer, jsonAnswer } from './answer.ts';
import type { Contents } from './contents.ts';
import type { BadSwitches } from './switches.ts';

export interface Asked {
  readonly repository: string;
  readonly reference: string;
  readonly accept: string;
  readonly query: URLSearchParams;
  /** `http://127.0.0.1:PORT`. */
  readonly origin: string;
}

export function manifestAnswer(contents: Contents, switches: BadSwitches, asked: Asked): Answer {
  const { repository, reference, accept } = asked;
  const stored = contents.manifest(repository, reference);
  const strict = switches.accept === 'strict' && !ACCEPTED_MANIFESTS.every((type) => accept.includes(type));
  if (!stored || strict) return errorAnswer(404, 'MANIFEST_UNKNOWN', `manifest unknown: ${reference}`);
  const { bytes, mediaType } = stored;
  const digest = switches.digest === 'other' ? digestOf(new Uint8Array()) : digestOf(bytes);
  return {
    status: 200,
    headers: {
      'content-type': typeOf(switches, mediaType),
      ...(switches.digest === 'none' ? {} : { 'docker-content-digest': digest }),
    },
    body: bytes,
  };
}

function typeOf({ type }: BadSwitches, own: string): string {
  if (type === undefined) return own;
  return 'value' in type ? type.value : `${own}; ${type.parameters}`;
}

export function blobAnswer(contents: Contents, switches: BadSwitches, asked: Asked): Answer {
  const body = contents.blob(asked.repository, asked.reference);
  if (!body) return errorAnswer(404, 'BLOB_UNKNOWN', `blob unknown: ${asked.reference}`);
  const ranges: Record<string, string> = switches.ranges === false ? {} : { 'accept-ranges': 'bytes' };
  return { status: 200, headers: { 'content-type': 'application/octet-stream', ...ranges }, body };
}

/** Pages by `n` and `last`; the link to the next one in a form that some registry has been seen to write. */
export function tagsAnswer(contents: Contents, switches: BadSwitches, asked: Asked): Answer {
  const { repository, query, origin } = asked;
  const own = contents.tags(repository);
  if (!own) return errorAnswer(404, 'NAME_UNKNOWN', `repository unknown: ${repository}`);
  const { pageSize = 100, link = 'relative', junk = [] } = switches.tags ?? {};
  const all = [...own, ...junk].sort();
  const size = Math.min(Number(query.get('n') ?? pageSize), pageSize);
  const after = query.get('last') ?? '';
  const rest = all.filter((tag) => tag > after);
  const page = rest.slice(0, size);
  const answer = jsonAnswer(200, { name: repository, tags: page });
  if (rest.length <= size && link !== 'loop') return answer;
  const last = link === 'loop' ? after : (page.at(-1) ?? '');
  const path = `/v2/${repository}/tags/list?last=${encodeURIComponent(last)}&n=${size}`;
  const next = {
    relative: `<${path}>`,
    absolute: `<${origin}${path}>`,
    bare: path,
    lostprefix: `<${path.replace(`/v2/${repository}`, `/v2/${repository.split('/').at(-1)}`)}>`,
    loop: `<${path}>`,
  }[link];
  return { ...answer, headers: { ...answer.headers, link: `${next}; rel="next"` } };
}

export function referrersAnswer(
  contents: Contents,
  switches: BadSwitches,
  asked: Asked,
  other: string,
): Answer {
  const { referrers = 'api' } = switches;
  if (referrers === '303') {
    return { status: 303, headers: { location: `${other}/packages` }, body: new Uint8Array() };
  }
  if (referrers === 'html') return htmlAnswer(200);
  if (referrers !== 'api') return errorAnswer(referrers, 'UNSUPPORTED', 'no referrers here');
  return {
    status: 200,
    headers: { 'content-type': 'application/vnd.oci.image.index.v1+json' },
    body: contents.referrers(asked.repository, asked.reference),
  };
}
