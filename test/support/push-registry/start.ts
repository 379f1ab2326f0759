import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { digestOf } from '../../../src/oci/digest.ts';
import { parseManifest } from '../../../src/oci/manifest.ts';
import { closable, type Closable } from '../closable.ts';
import { listen } from '../listen.ts';
import { type RegistryRequest, type RequestFilter, selectRequests } from '../registry-request.ts';
import { PushContents, type Session } from './contents.ts';
import { collectChildren, overQuota } from './quota.ts';
import { failed, type Reply } from './reply.ts';
import type { PushSwitches } from './switches.ts';

export interface PushRequest extends RegistryRequest {
  readonly headers: IncomingMessage['headers'];
  /** Bytes of the request's body that were read. */
  readonly received: number;
}

export interface PushRegistry extends Closable {
  readonly host: string;
  readonly url: string;
  readonly contents: PushContents;
  requests(filter?: RequestFilter): PushRequest[];
  clear(): void;
  /** Other switches from now on; counts begin anew. */
  misbehave(switches: PushSwitches): void;
}

export interface PushRegistryOptions {
  readonly tls?: { readonly cert: string; readonly key: string };
  readonly port?: number;
}

const CUT = Symbol('cut');

/** Harbor's own words (goharbor/harbor, src/server/middleware/vulnerable). */
const POLICY =
  "current image with 86 vulnerabilities cannot be pulled due to configured policy in 'Prevent images with " +
  'vulnerability severity of "Medium" or higher from running.\' To continue with pull, please contact your project ' +
  'administrator to exempt matched vulnerabilities through configuring the CVE allowlist.';

/** A registry in memory that takes pushes, and misbehaves as it is told. */
export async function startPushRegistry(
  initial: PushSwitches = {},
  { tls, port }: PushRegistryOptions = {},
): Promise<PushRegistry> {
  const contents = new PushContents();
  const log: PushRequest[] = [];
  let switches = initial;
  let counts = new Map<unknown, number>();
  const spans = new Map<string, [from: number, to: number][]>();
  const late = new Map<string, { readonly until: number; readonly old: string | undefined }>();
  /** Whether one of the first `times` of something. */
  const isFirst = (key: unknown, times: number): boolean => {
    const count = counts.get(key) ?? 0;
    if (count >= times) return false;
    counts.set(key, count + 1);
    return true;
  };

  const read = async (
    request: IncomingMessage,
    session?: Session,
  ): Promise<Buffer | typeof CUT | undefined> => {
    const { cut, maxBody } = switches;
    const length = Number(request.headers['content-length'] ?? 0);
    if (maxBody !== undefined && length > maxBody) return undefined;
    const cutHere =
      session !== undefined && cut !== undefined && length > cut.after && isFirst(cut, cut.times);
    const chunks: Buffer[] = [];
    let received = 0;
    for await (const chunk of request) {
      if (session) session.began ??= performance.now();
      chunks.push(chunk);
      received += chunk.length;
      if (cutHere && received >= cut.after) {
        if (cut.keeps)
          session.bytes = Buffer.concat([session.bytes, ...chunks]).subarray(
            0,
            session.bytes.length + cut.after,
          );
        else for (const [id, one] of contents.sessions) if (one === session) contents.sessions.delete(id);
        return CUT;
      }
    }
    return Buffer.concat(chunks);
  };

  const locationOf = (repository: string, id: string): string => {
    const path = `/v2/${repository}/blobs/uploads/${id}?_state=a%2Fb%3D`;
    const { location = 'relative' } = switches;
    if (location === 'relative') return path;
    return `${location === 'absolute' ? place.url : location.origin}${path}`;
  };

  const begin = (repository: string, query: URLSearchParams): Reply => {
    const { missing, mount = true } = switches;
    if (missing?.(repository) === true)
      return failed(404, 'NAME_UNKNOWN', 'repository name not known to registry');
    const [wanted, from] = [query.get('mount'), query.get('from')];
    if (wanted !== null && typeof mount === 'number') return failed(mount, 'UNSUPPORTED');
    const bytes = wanted === null || from === null ? undefined : contents.at(from).blobs.get(wanted);
    const mounted =
      wanted === null || bytes === undefined ? undefined : { digest: wanted, size: bytes.length };
    const full = overQuota(contents, switches, repository, mounted);
    if (full) return full;
    if ((mount === true || mount === 'empty') && wanted !== null && bytes !== undefined) {
      if (mount === true) contents.at(repository).blobs.set(wanted, bytes);
      return { status: 201 };
    }
    const id = randomUUID();
    contents.sessions.set(id, { repository, bytes: Buffer.alloc(0), began: undefined, short: false });
    const { leastPart, mostPart } = switches;
    const told = {
      ...(leastPart === undefined ? {} : { 'oci-chunk-min-length': String(leastPart) }),
      ...(mostPart === undefined ? {} : { 'oci-chunk-max-length': String(mostPart) }),
    };
    return { status: 202, headers: { location: locationOf(repository, id), range: '0-0', ...told } };
  };

  const upload = async (
    request: IncomingMessage,
    repository: string,
    id: string,
    query: URLSearchParams,
  ): Promise<Reply | typeof CUT> => {
    const unknown = failed(404, 'BLOB_UPLOAD_UNKNOWN', 'blob upload unknown to registry');
    const session = contents.sessions.get(id);
    const goesOn = request.method === 'PATCH' || request.method === 'PUT';
    if (goesOn && switches.forget && isFirst(switches.forget, switches.forget.times)) {
      contents.sessions.delete(id);
      return unknown;
    }
    if (session === undefined || query.get('_state') !== 'a/b=') return unknown;
    const headers = {
      location: locationOf(repository, id),
      range: `0-${Math.max(0, session.bytes.length - 1)}`,
    };
    if (request.method === 'GET') return { status: 204, headers };
    if (request.method === 'DELETE') {
      contents.sessions.delete(id);
      return { status: 204 };
    }
    const [, from] = /^(\d+)-\d+$/.exec(request.headers['content-range'] ?? '') ?? [];
    if (from !== undefined && Number(from) !== session.bytes.length) {
      request.resume();
      return failed(416, 'BLOB_UPLOAD_INVALID');
    }
    const { parts, leastPart = 0, putWithBytes } = switches;
    const length = Number(request.headers['content-length'] ?? 0);
    if (parts && from !== undefined && length > parts.most)
      return failed(parts.status, 'REQUESTED_RANGE_NOT_SATISFIABLE', parts.words);
    if (putWithBytes !== undefined && request.method === 'PUT' && length > 0) {
      contents.sessions.delete(id);
      return failed(putWithBytes, 'BLOB_UNKNOWN');
    }
    const body = await read(request, session);
    if (body === CUT) return CUT;
    if (body === undefined)
      return { status: 413, headers: { 'content-type': 'text/html' }, body: '<html>too large</html>' };
    session.bytes = Buffer.concat([session.bytes, body]);
    if (request.method === 'PATCH' && session.short) return failed(416, 'BLOB_UPLOAD_INVALID', 'too short');
    session.short = from !== undefined && body.length < leastPart;
    if (request.method === 'PATCH')
      return { status: 202, headers: { ...headers, range: `0-${Math.max(0, session.bytes.length - 1)}` } };
    return end(repository, id, session, query.get('digest') ?? '');
  };

  const end = (repository: string, id: string, session: Session, digest: string): Reply | typeof CUT => {
    const { spoil } = switches;
    if (digestOf(session.bytes) !== digest || (spoil && isFirst(spoil, spoil.times)))
      return failed(400, 'DIGEST_INVALID');
    const full = overQuota(contents, switches, repository, { digest, size: session.bytes.length });
    if (full) {
      contents.sessions.delete(id);
      return full;
    }
    const span: [number, number] = [session.began ?? performance.now(), performance.now()];
    const others = spans.get(digest) ?? [];
    spans.set(digest, [...others, span]);
    const still = [...contents.sessions].some(
      ([other, { bytes, began }]) =>
        other !== id && began !== undefined && bytes.length > 0 && digestOf(bytes) === digest,
    );
    if (
      switches.oneUpload === true &&
      (still || others.some(([from, to]) => from < span[1] && span[0] < to))
    ) {
      return failed(500, 'UNKNOWN', 'two uploads of one blob at once');
    }
    contents.sessions.delete(id);
    contents.at(repository).blobs.set(digest, session.bytes);
    if (switches.losesAgain !== true) contents.lost.delete(digest);
    const { mute } = switches;
    return mute && isFirst(mute, mute.times) ? CUT : { status: 201 };
  };

  const putManifest = (repository: string, reference: string, bytes: Buffer, mediaType: string): Reply => {
    const { docker = true, sparse = 'none', immutable = false, missing, calls, collects, lag } = switches;
    if (missing?.(repository) === true) return failed(404, 'NAME_UNKNOWN');
    if (!docker && mediaType.includes('docker')) return failed(415, 'MANIFEST_INVALID');
    const manifest = parseManifest(bytes);
    if (manifest.mediaType !== mediaType)
      return failed(400, 'MANIFEST_INVALID', `it is ${manifest.mediaType}`);
    if (collects && manifest.kind === 'index' && isFirst(collects, collects.times))
      collectChildren(contents, repository, bytes);
    const lacks = new Set<string>(contents.lacks(repository, bytes));
    const checked =
      manifest.kind === 'manifest' || sparse === 'none'
        ? lacks.size
        : sparse === 'all'
          ? 0
          : manifest.manifests.filter(
              ({ digest, platform }) => platform?.architecture === 'amd64' && lacks.has(digest),
            ).length;
    if (checked > 0) return failed(400, 'MANIFEST_BLOB_UNKNOWN', 'blob unknown to registry');
    const digest = digestOf(bytes);
    const { manifests, tags } = contents.at(repository);
    if (reference.startsWith('sha256:') ? reference !== digest : false) return failed(400, 'DIGEST_INVALID');
    if (immutable && (tags.get(reference) ?? digest) !== digest)
      return failed(409, 'DENIED', 'the tag is immutable');
    const full = overQuota(contents, switches, repository, { digest, size: bytes.length });
    if (full) return full;
    manifests.set(digest, { bytes, mediaType });
    if (reference.startsWith('sha256:'))
      return { status: 201, headers: { 'docker-content-digest': calls ?? digest } };
    const name = `${repository}:${reference}`;
    if (lag) late.set(name, { until: lag.now() + lag.milliseconds, old: tags.get(reference) });
    tags.set(reference, digest);
    if (switches.overtaken?.test(name) === true)
      return failed(
        400,
        'TAG_INVALID',
        `The image tag '${reference}' already exists in the '${repository}' repository and cannot be overwritten because the tag is immutable.`,
      );
    return { status: 201, headers: { 'docker-content-digest': calls ?? digest } };
  };

  const route = async (request: IncomingMessage): Promise<Reply | typeof CUT> => {
    const { method = '', url = '/' } = request;
    const { pathname, searchParams } = new URL(url, 'http://x');
    const fault = switches.faults?.find(
      (one) => one.method === method && one.path.test(url) && isFirst(one, one.times),
    );
    if (fault?.code !== undefined) return failed(fault.status, fault.code);
    if (fault) return { status: fault.status, ...(fault.headers ? { headers: fault.headers } : {}) };
    if (switches.authorization !== undefined && request.headers.authorization !== switches.authorization) {
      return { ...failed(401, 'UNAUTHORIZED'), headers: { 'www-authenticate': 'Basic realm="x"' } };
    }
    if (pathname === '/v2/') return { status: 200 };
    const [, repository = '', noun, reference = ''] =
      /^\/v2\/(.+?)\/(manifests|blobs)\/(.*)$/.exec(pathname) ?? [];
    const writes = method !== 'GET' && method !== 'HEAD';
    if (writes && switches.readOnly === true) return failed(405, 'UNSUPPORTED', 'read only');
    if (repository.split('/').length > (switches.maxDepth ?? 99))
      return failed(401, 'UNAUTHORIZED', 'no such project');
    if (noun === 'blobs' && reference.startsWith('uploads/')) {
      const id = reference.slice('uploads/'.length);
      return id === '' ? begin(repository, searchParams) : upload(request, repository, id, searchParams);
    }
    if (noun === 'blobs') {
      const places = switches.onePool === true ? [...contents.repositories.keys()] : [repository];
      const bytes = places.flatMap(
        (place) => contents.repositories.get(place)?.blobs.get(reference) ?? [],
      )[0];
      if (bytes === undefined) return failed(404, 'BLOB_UNKNOWN');
      const breaks = method === 'GET' && contents.lost.has(reference);
      const [, from] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? [];
      if (from === undefined || switches.ranges === 200) return { status: 200, body: bytes, breaks };
      if (Number(from) >= bytes.length || switches.ranges === 416) return { status: 416 };
      const range = `bytes ${from}-${bytes.length - 1}/${bytes.length}`;
      return { status: 206, headers: { 'content-range': range }, body: bytes.subarray(Number(from)), breaks };
    }
    if (method === 'DELETE') {
      if (switches.deletes === false) return failed(405, 'UNSUPPORTED');
      return { status: contents.at(repository).manifests.delete(reference) ? 202 : 404 };
    }
    if (method === 'PUT') {
      const body = await read(request);
      return body === undefined || body === CUT
        ? { status: 413 }
        : putManifest(repository, reference, body, request.headers['content-type'] ?? '');
    }
    const name = `${repository}:${reference}`;
    if (switches.blocked?.test(name) === true) return failed(412, 'PROJECTPOLICYVIOLATION', POLICY);
    const behind = late.get(name);
    const isLate = behind !== undefined && (switches.lag?.now() ?? 0) < behind.until;
    const stored = contents.manifest(repository, isLate ? (behind.old ?? 'none') : reference);
    if (stored === undefined) return failed(404, 'MANIFEST_UNKNOWN');
    const headers = { 'content-type': stored.mediaType, 'docker-content-digest': digestOf(stored.bytes) };
    return { status: 200, headers, body: stored.bytes };
  };

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', url = '', headers, socket } = request;
    let received = 0;
    request.on('data', (chunk: Buffer) => (received += chunk.length)).pause();
    const reply = await route(request);
    const status = reply === CUT ? 0 : reply.status;
    const userAgent = headers['user-agent'] ?? '';
    if (url !== '/v2/') log.push({ method, path: url, status, userAgent, bytes: 0, headers, received });
    if (reply === CUT) return void socket.resetAndDestroy();
    // What nobody wants is read all the same, so that the connection can be used again.
    request.resume();
    const body = Buffer.from(reply.body ?? '');
    response.writeHead(reply.status, { 'content-length': body.length, ...reply.headers });
    if (reply.breaks === true) {
      response.flushHeaders();
      return socket.destroySoon();
    }
    response.end(method === 'HEAD' ? undefined : body);
  };

  const listener = (request: IncomingMessage, response: ServerResponse): void =>
    void serve(request, response).catch(() => response.destroy());
  const server = tls ? createTlsServer(tls, listener) : createServer(listener);
  const { host, end: stop } = await listen(server, port);
  const place = { host, url: `${tls ? 'https' : 'http'}://${host}` };
  return closable(
    {
      ...place,
      contents,
      requests: (filter: RequestFilter = {}) => selectRequests(log, filter),
      clear: () => void log.splice(0),
      misbehave: (next: PushSwitches) => {
        switches = next;
        counts = new Map();
      },
    },
    stop,
  );
}
