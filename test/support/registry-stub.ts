import http, { type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import { buffer } from 'node:stream/consumers';
import { digestOf } from '../../src/oci/digest.ts';
import { closable, type Closable } from './closable.ts';

export interface StubRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Milliseconds of Date.now() at which it came. */
  readonly at: number;
}

/** Answers a request; `nth` counts from 1 the requests of this method and path. */
export type StubHandler = (request: StubRequest, response: ServerResponse, nth: number) => void;

export interface Stub extends Closable {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  readonly url: string;
  /** All requests but the client's ping of `/v2/`. */
  readonly requests: readonly StubRequest[];
  /** `METHOD path` of each. */
  lines(): string[];
  /** How often clients have connected. */
  connections(): number;
}

export interface StubOptions {
  readonly tls?: {
    readonly cert: string;
    readonly key: string;
    /** Clients have to show a certificate that this authority signed. */
    readonly ca?: string;
  };
}

/** A small server for one test's own rules, on a free port of loopback. */
export async function startStub(handler: StubHandler, { tls }: StubOptions = {}): Promise<Stub> {
  const requests: StubRequest[] = [];
  let connections = 0;
  const answer = (message: IncomingMessage, response: ServerResponse): void => {
    void buffer(message).then(
      (body) => {
        const url = new URL(message.url ?? '/', 'http://stub');
        const { method = '', headers } = message;
        const request = { method, path: url.pathname, query: url.searchParams, headers, at: Date.now() };
        if (url.pathname === '/v2/') return void response.end();
        requests.push({ ...request, body: body.toString() });
        const same = requests.filter((other) => other.method === method && other.path === url.pathname);
        handler({ ...request, body: body.toString() }, response, same.length);
      },
      () => {},
    );
  };
  const server = tls
    ? https.createServer({ ...tls, requestCert: tls.ca !== undefined }, answer)
    : http.createServer(answer);
  server.on('connection', () => (connections += 1));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the stub has no port');
  const host = `127.0.0.1:${address.port}`;
  const lines = (): string[] => requests.map(({ method, path }) => `${method} ${path}`);
  const fields = { host, url: `${tls ? 'https' : 'http'}://${host}`, requests, lines };
  return closable({ ...fields, connections: () => connections }, async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  });
}

/** Ends a response with a JSON body. */
export function answerJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

/** Ends a response with an error body of the distribution-spec. */
export function answerError(
  response: ServerResponse,
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  answerJson(response, status, { errors: [{ code, message }] }, headers);
}

/** Ends a response to GET or HEAD as a registry serves a manifest. */
export function answerManifest(
  { method }: StubRequest,
  response: ServerResponse,
  { bytes, mediaType }: { readonly bytes: Uint8Array; readonly mediaType: string },
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(200, {
    'content-type': mediaType,
    'content-length': bytes.length,
    'docker-content-digest': digestOf(bytes),
    ...headers,
  });
  response.end(method === 'HEAD' ? undefined : bytes);
}
