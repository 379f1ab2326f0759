import type { Agent, ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
import { setImmediate as immediate } from 'node:timers/promises';
import { OciSaveError, systemCodeOf } from '../errors.ts';
import type { Connection } from './agents.ts';
import { discard } from './response/body.ts';
import { watchCertificates } from './tls/certificate.ts';
import { nodeHttp } from './node-http.ts';

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** A request's body that is not held in memory. */
export interface StreamedBody {
  /** Bytes: what `open` gives, and what Content-Length says. */
  readonly size: number;
  readonly open: () => Readable;
  /** Told of bytes as the connection takes them. */
  readonly onSent?: ((bytes: number) => void) | undefined;
}

export interface WireRequest {
  readonly method: Method;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** A body in memory. */
  readonly content?: string | Uint8Array | undefined;
  /** A body that is read while it is sent; opened anew for each attempt. */
  readonly stream?: StreamedBody | undefined;
  /** Milliseconds that the response may take beyond the usual: for what a registry hashes or moves first. */
  readonly extraMilliseconds?: number | undefined;
  /**
   * Called when the request's turn has come; it goes out when this resolves, and not at all where it rejects.
   */
  readonly admitted?: () => Promise<void>;
  readonly signal?: AbortSignal | undefined;
}

export interface WireResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Every WWW-Authenticate line. */
  readonly challenges: readonly string[];
  /** Has to be read, bounded or discarded: an unread body keeps its connection. */
  readonly body: IncomingMessage;
  /** The server's address: behind a proxy it is not known. */
  readonly peer: string | undefined;
  /** Frees the connection of a body that nobody wants. */
  readonly discard: () => void;
}

export interface WireLimits {
  /** Milliseconds until the head of a response, from the last byte that was sent. */
  readonly requestMilliseconds: number;
  /** Milliseconds in which a connection has to take some of a streamed body. */
  readonly stallMilliseconds: number;
}

/**
 * One request over a connection of its origin, as soon as one is free. Resolves at the response's head.
 * @throws the error of Node's network code, an OciSaveError `network` where no byte was taken or no head came in time, or the
 *   signal's reason
 */
export async function send(
  request: WireRequest,
  connection: Connection,
  limits: WireLimits,
): Promise<WireResponse> {
  const socket = { stale: false };
  try {
    return await queue(request, connection, limits, socket);
  } catch (error) {
    request.signal?.throwIfAborted();
    if (!socket.stale) throw error;
    // The server closed an idle connection while the request was on its way (RFC 9110, 9.2.2).
    return queue(request, connection, limits, { stale: false });
  }
}

/**
 * The request's place is free again when its response has been read or its connection is closed. `socket` is told whether
 * a connection that was kept alive had ended when it was used again.
 */
function queue(
  request: WireRequest,
  connection: Connection,
  { requestMilliseconds, stallMilliseconds }: WireLimits,
  socket: { stale: boolean },
): Promise<WireResponse> {
  const { promise, resolve, reject } = Promise.withResolvers<WireResponse>();
  const inTurn = async (): Promise<void> => {
    await request.admitted?.();
    request.signal?.throwIfAborted();
    const released = Promise.withResolvers<void>();
    const wire = open(request, connection.agent);
    const certificates = watchCertificates();
    wire.once('socket', certificates.socket);
    const milliseconds = requestMilliseconds + (request.extraMilliseconds ?? 0);
    const timer = setTimeout(() => wire.destroy(noResponse(milliseconds)), milliseconds);
    // The listener stays: a server that sends a body after HEAD, against the rules, raises an error once the
    // response is complete. By then it tells nothing that matters, and unheard it would end the process.
    wire.on('error', (error) => {
      const again = wire.reusedSocket && isRepeatable(request);
      socket.stale = again && systemCodeOf(error) === 'ECONNRESET';
      reject(certificates.explain(error));
    });
    wire.once('response', (body) => {
      clearTimeout(timer);
      // A response before the end of what is sent refuses the rest; the connection cannot be used again.
      if (!wire.writableEnded) body.once('end', () => wire.destroy());
      resolve(responseOf(request, body, connection));
    });
    wire.once('close', () => {
      clearTimeout(timer);
      released.resolve();
    });
    if (request.stream === undefined) wire.end(request.content);
    else {
      // The socket's own timer knows of the bytes that the system took from a chunk.
      wire.setTimeout(stallMilliseconds, () => wire.destroy(stalled(stallMilliseconds)));
      wire.once('finish', () => wire.setTimeout(0));
      feed(wire, request.stream, () => timer.refresh());
    }
    await released.promise;
    // What the response means for the host is judged before the next request goes out.
    await immediate();
  };
  connection.limit(inTurn).catch(reject);
  return promise;
}

/** What may be sent again without asking what became of it: not what a server may have taken in part. */
function isRepeatable({ method, content }: WireRequest): boolean {
  return method === 'PUT' ? content !== undefined : method !== 'POST' && method !== 'PATCH';
}

function open({ method, url, headers, stream, signal }: WireRequest, agent: Agent): ClientRequest {
  const length = stream === undefined ? {} : { 'content-length': String(stream.size) };
  const options = {
    method,
    // Brackets are the URL's, not the address's. Credentials in a URL are left behind.
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    path: `${url.pathname}${url.search}`,
    headers: { ...headers, ...length, 'accept-encoding': 'identity' },
    agent,
    ...(url.port === '' ? {} : { port: url.port }),
    ...(signal === undefined ? {} : { signal }),
  };
  return url.protocol === 'https:' ? https.request(options) : nodeHttp.request(options);
}

function responseOf({ method }: WireRequest, body: IncomingMessage, connection: Connection): WireResponse {
  // Whoever reads the body listens for itself; unheard in between, an error would end the process.
  body.on('error', () => {});
  // A response to HEAD has no body, but has to be read to its end to free its connection.
  if (method === 'HEAD') body.resume();
  return {
    status: body.statusCode ?? 0,
    headers: body.headers,
    challenges: body.headersDistinct['www-authenticate'] ?? [],
    body,
    peer: connection.proxy === undefined ? body.socket.remoteAddress : undefined,
    discard: () => discard(body),
  };
}

function stalled(milliseconds: number): OciSaveError {
  const message = `took no byte for ${Math.round(milliseconds / 1000)} s`;
  return new OciSaveError({ code: 'network', message });
}

function noResponse(milliseconds: number): OciSaveError {
  return new OciSaveError({
    code: 'network',
    message: `gave no answer within ${Math.round(milliseconds / 1000)} s`,
  });
}

/**
 * Sends a body as fast as the connection takes it. Ends when it is sent, when the server has answered without
 * wanting the rest, or when the connection is gone. `moved` is called whenever bytes went.
 */
function feed(wire: ClientRequest, { open, onSent }: StreamedBody, moved: () => void): void {
  const source = open();
  source.on('data', (chunk: Buffer) => {
    moved();
    onSent?.(chunk.length);
  });
  source.once('error', (error) => wire.destroy(unreadable(error)));
  const stop = (): void => {
    source.unpipe(wire);
    source.destroy();
  };
  wire.once('response', stop);
  wire.once('close', stop);
  source.pipe(wire);
}

/** A file of ours that cannot be read is not a fault of the network. */
function unreadable(cause: Error): OciSaveError {
  if (cause instanceof OciSaveError) return cause;
  return new OciSaveError({
    code: 'local',
    message: `what was to be sent cannot be read (${systemCodeOf(cause) ?? 'unknown'})`,
    cause,
  });
}
