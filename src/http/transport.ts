import http, { type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import https from 'node:https';
import { OciSaveError, systemCodeOf } from '../errors.ts';
import type { Connection } from './agents.ts';
import { discard } from './body.ts';
import { feed, type StreamedBody } from './feed.ts';

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface WireRequest {
  readonly method: Method;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** A body in memory. */
  readonly content?: string | Uint8Array | undefined;
  /** A body that is read while it is sent; opened anew for each attempt. */
  readonly stream?: StreamedBody | undefined;
  /** Milliseconds that the answer may take beyond the usual: for what a registry hashes or moves first. */
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
  /** The address at the other end. */
  readonly peer: string | undefined;
  /** Frees the connection of a body that nobody wants. */
  readonly discard: () => void;
}

/**
 * One request over a connection of its origin, as soon as one is free. Resolves at the response's head.
 * @throws the error of Node's network code, an OciSaveError `network` where no head came in time, or the
 *   signal's reason
 */
export async function send(
  request: WireRequest,
  connection: Connection,
  requestMilliseconds: number,
): Promise<WireResponse> {
  const fate = { stale: false };
  try {
    return await queue(request, connection, requestMilliseconds, fate);
  } catch (error) {
    request.signal?.throwIfAborted();
    if (!fate.stale) throw error;
    // The server closed an idle connection while the request was on its way (RFC 9110, 9.2.2).
    return queue(request, connection, requestMilliseconds, { stale: false });
  }
}

interface Fate {
  /** A connection that was kept alive had ended when it was used again. */
  stale: boolean;
}

/** The request's place is free again when its response has been read or its connection is closed. */
function queue(
  request: WireRequest,
  { agent, limit }: Connection,
  patience: number,
  fate: Fate,
): Promise<WireResponse> {
  return new Promise((resolve, reject) => {
    const inTurn = async (): Promise<void> => {
      await request.admitted?.();
      request.signal?.throwIfAborted();
      await exchanged(request, agent, patience, { resolve, reject, fate });
    };
    limit(inTurn).catch(reject);
  });
}

interface Settle {
  readonly resolve: (response: WireResponse) => void;
  readonly reject: (error: Error) => void;
  readonly fate: Fate;
}

/** Resolves when the connection is free again, long after the response's head has come. */
function exchanged(
  request: WireRequest,
  agent: http.Agent,
  patience: number,
  { resolve, reject, fate }: Settle,
): Promise<void> {
  return new Promise((release) => {
    const wire = begun(request, agent);
    const milliseconds = patience + (request.extraMilliseconds ?? 0);
    const timer = setTimeout(() => wire.destroy(noAnswer(milliseconds)), milliseconds);
    // The listener stays: a server that sends a body after HEAD, against the rules, raises an error once the
    // response is complete. By then it tells nothing that matters, and unheard it would end the process.
    wire.on('error', (error) => {
      const again = wire.reusedSocket && isRepeatable(request);
      fate.stale = again && systemCodeOf(error) === 'ECONNRESET';
      reject(error);
    });
    wire.once('response', (body) => {
      clearTimeout(timer);
      // An answer before the end of what is sent is a refusal of the rest; the connection cannot be used again.
      if (!wire.writableEnded) body.once('end', () => wire.destroy());
      resolve(received(request, body));
    });
    wire.once('close', () => {
      clearTimeout(timer);
      release();
    });
    if (request.stream === undefined) wire.end(request.content);
    else feed(wire, request.stream, () => timer.refresh());
  });
}

/** What may be sent again without asking what became of it: not what a server may have taken in part. */
function isRepeatable({ method, content }: WireRequest): boolean {
  return method === 'PUT' ? content !== undefined : method !== 'POST' && method !== 'PATCH';
}

function begun({ method, url, headers, stream, signal }: WireRequest, agent: http.Agent): http.ClientRequest {
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
  return url.protocol === 'https:' ? https.request(options) : http.request(options);
}

function received({ method }: WireRequest, body: IncomingMessage): WireResponse {
  // Whoever reads the body listens for itself; unheard in between, an error would end the process.
  body.on('error', () => {});
  // A response to HEAD has no body, but has to be read to its end to free its connection.
  if (method === 'HEAD') body.resume();
  return {
    status: body.statusCode ?? 0,
    headers: body.headers,
    challenges: body.headersDistinct['www-authenticate'] ?? [],
    body,
    peer: body.socket.remoteAddress,
    discard: () => discard(body),
  };
}

function noAnswer(milliseconds: number): OciSaveError {
  return new OciSaveError({
    code: 'network',
    message: `gave no answer within ${Math.round(milliseconds / 1000)} s`,
  });
}
