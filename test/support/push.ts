import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { isIndexType } from '../../src/oci/media-type.ts';
import { basic, call, type Credentials, type HttpAnswer, type HttpCall } from './http.ts';
import type { Image, StoredManifest } from './image.ts';

export interface PushTarget {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  readonly credentials?: Credentials;
  /** The certificate authority, PEM; its presence means HTTPS. */
  readonly ca?: string;
}

/**
 * Pushes an image by the distribution API alone: blobs monolithic and in parallel, manifests by digest with children
 * first, the top under `tag` as well (without one: by digest alone).
 * @throws Error with the registry's answer where it refuses.
 */
export async function pushImage(
  target: PushTarget,
  repository: string,
  image: Image,
  tag?: string,
): Promise<void> {
  const send = sender(target);
  try {
    await Promise.all([...image.blobs].map(([digest, bytes]) => pushBlob(send, repository, digest, bytes)));
    const manifests = [...image.manifests];
    const put = async ([digest, manifest]: readonly [string, StoredManifest]): Promise<void> => {
      const last = digest === image.top && tag !== undefined;
      await pushManifest(send, repository, last ? tag : digest, manifest);
    };
    await Promise.all(manifests.filter(([, { mediaType }]) => !isIndexType(mediaType)).map(put));
    for (const manifest of manifests.filter(([, { mediaType }]) => isIndexType(mediaType)))
      await put(manifest);
  } finally {
    send.agent.destroy();
  }
}

interface Send {
  (path: string, options?: HttpCall): Promise<HttpAnswer>;
  readonly agent: HttpAgent | HttpsAgent;
}

function sender({ host, credentials, ca }: PushTarget): Send {
  const base = `${ca === undefined ? 'http' : 'https'}://${host}`;
  const options = { keepAlive: true, maxSockets: 8 };
  const agent = ca === undefined ? new HttpAgent(options) : new HttpsAgent({ ...options, ca });
  const authorization = credentials ? { authorization: basic(credentials) } : {};
  const send = (path: string, { headers, ...rest }: HttpCall = {}): Promise<HttpAnswer> =>
    call(new URL(path, base), { ...rest, agent, headers: { ...authorization, ...headers } });
  return Object.assign(send, { agent });
}

async function pushBlob(send: Send, repository: string, digest: string, body: Uint8Array): Promise<void> {
  if ((await send(`/v2/${repository}/blobs/${digest}`, { method: 'HEAD' })).status === 200) return;
  const begun = await send(`/v2/${repository}/blobs/uploads/`, { method: 'POST' });
  const { location } = expectStatus(begun, 202, `upload to ${repository}`).headers;
  const url = new URL(location ?? '', 'http://no.host');
  url.searchParams.set('digest', digest);
  const headers = { 'content-type': 'application/octet-stream' };
  const sent = await send(url.pathname + url.search, { method: 'PUT', headers, body });
  expectStatus(sent, 201, `blob ${digest} of ${repository}`);
}

async function pushManifest(
  send: Send,
  repository: string,
  reference: string,
  { bytes, mediaType }: StoredManifest,
): Promise<void> {
  const headers = { 'content-type': mediaType };
  const sent = await send(`/v2/${repository}/manifests/${reference}`, {
    method: 'PUT',
    headers,
    body: bytes,
  });
  expectStatus(sent, 201, `manifest ${reference} of ${repository}`);
}

function expectStatus(answer: HttpAnswer, status: number, what: string): HttpAnswer {
  if (answer.status === status) return answer;
  throw new Error(`${what}: ${answer.status} ${answer.body.toString().slice(0, 400)}`);
}
