import {
  Agent,
  createServer,
  type IncomingMessage,
  request as httpRequest,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { closable, type Closable } from '../closable.ts';
import { type RegistryRequest, type RequestFilter, selectRequests } from '../registry-request.ts';
import { listen } from '../listen.ts';
import { lookout } from '../lookout.ts';
import { throttle } from '../throttle.ts';

export interface ProxiedRequest extends RegistryRequest {
  /** Whether the client sent credentials. */
  readonly authorization: boolean;
  /** Milliseconds since the proxy's start. */
  readonly began: number;
  readonly ended: number;
}

/** The line between client and registry. It can be changed while the proxy runs. */
export interface Line {
  /** Milliseconds that a request, and a new connection before its first one, takes longer. */
  roundTrip: number;
  /** Bytes per second of answers, per connection; 0 is without a limit. */
  bytesPerSecond: number;
  /** The same of what is sent to the registry. */
  sentBytesPerSecond: number;
}

export interface ProxyOptions extends Partial<Line> {
  /** Answers instead of the registry where it gives a status: to refuse a user, to fail a few times. */
  readonly intercept?: (request: IncomingMessage) => InterceptedAnswer | undefined;
}

export interface InterceptedAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Proxy extends Closable {
  readonly host: string;
  readonly port: number;
  readonly url: string;
  readonly line: Line;
  /** Connections that were opened so far. */
  connections(): number;
  /** Answered requests, in the order in which their answers ended. */
  requests(filter?: RequestFilter): ProxiedRequest[];
  /** Resolves when so many requests that fit have been answered since the last `clear`. */
  answered(count: number, filter?: RequestFilter): Promise<void>;
  clear(): void;
}

/** An HTTP proxy before `upstream` (`127.0.0.1:PORT`): it counts, and makes the line slow. */
export async function startProxy(upstream: string, options: ProxyOptions = {}): Promise<Proxy> {
  const line: Line = {
    roundTrip: options.roundTrip ?? 0,
    bytesPerSecond: options.bytesPerSecond ?? 0,
    sentBytesPerSecond: options.sentBytesPerSecond ?? 0,
  };
  const log: ProxiedRequest[] = [];
  const agent = new Agent({ keepAlive: true });
  const started = performance.now();
  const greeted = new WeakSet<Socket>();
  let connections = 0;
  const { wake, see } = lookout();
  const requests = (filter: RequestFilter = {}): ProxiedRequest[] => selectRequests(log, filter);
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const began = performance.now() - started;
    let bytes = 0;
    // TCP's handshake costs a round trip of its own.
    const trips = greeted.has(request.socket) ? 1 : 2;
    greeted.add(request.socket);
    if (line.roundTrip > 0) await pause(line.roundTrip * trips);
    try {
      const answer = options.intercept?.(request);
      if (answer) {
        request.resume();
        bytes = Buffer.byteLength(answer.body ?? '');
        response.writeHead(answer.status, { ...answer.headers, 'content-length': bytes }).end(answer.body);
        return;
      }
      const answered = await forward(upstream, agent, request, line);
      response.writeHead(answered.statusCode ?? 502, answered.rawHeaders);
      await pipeline(
        answered,
        throttle(line, (sent) => (bytes += sent)),
        response,
      );
    } catch {
      // Either side went away: so does the other.
      response.destroy();
    } finally {
      log.push({
        method: request.method ?? '',
        path: request.url ?? '',
        status: response.statusCode,
        userAgent: request.headers['user-agent'] ?? '',
        authorization: request.headers.authorization !== undefined,
        bytes,
        began,
        ended: performance.now() - started,
      });
      wake();
    }
  };
  const server = createServer((request, response) => void serve(request, response));
  server.on('connection', () => (connections += 1));
  const { host, port, end } = await listen(server);
  return closable(
    {
      host,
      port,
      url: `http://${host}`,
      line,
      connections: () => connections,
      requests,
      answered: async (count: number, filter?: RequestFilter) =>
        void (await see(() => (requests(filter).length >= count ? true : undefined))),
      clear: () => void log.splice(0),
    },
    async () => {
      await end();
      agent.destroy();
    },
  );
}

/** The Host header stays, so that a registry's Location headers lead through the proxy. */
function forward(
  upstream: string,
  agent: Agent,
  request: IncomingMessage,
  { sentBytesPerSecond }: Line,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { method = 'GET', url = '/', rawHeaders } = request;
    const options = { method, agent, headers: rawHeaders, setHost: false };
    const onward = httpRequest(new URL(url, `http://${upstream}`), options, resolve);
    onward.once('error', reject);
    request.once('error', reject);
    if (sentBytesPerSecond === 0) request.pipe(onward);
    else
      void pipeline(
        request,
        throttle({ bytesPerSecond: sentBytesPerSecond }, () => {}),
        onward,
      ).catch(reject);
  });
}
