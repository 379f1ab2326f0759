import { readFile } from 'node:fs/promises';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { closable, type Closable } from '../closable.ts';
import type { Image } from '../image.ts';
import { listen } from '../listen.ts';
import type { Certificates } from '../servers/certificates.ts';
import { emptyContents } from './contents.ts';
import { faultPicker } from './faults.ts';
import { type BadLog, badLog } from './log.ts';
import { type Place, route } from './route.ts';
import { send } from './send.ts';
import type { BadSwitches } from './switches.ts';

export interface BadRegistryOptions extends BadSwitches {
  /** Images by `repository:tag`; under `repository` alone they can be had by digest only. */
  readonly images?: Readonly<Record<string, Image>>;
  /** HTTPS with this server certificate. */
  readonly certificates?: Certificates;
}

export interface BadRegistry extends Closable, BadLog {
  readonly host: string;
  readonly port: number;
  readonly url: string;
  /** Where redirects lead: the second port. */
  readonly otherHost: string;
  /** Adds an image while the registry runs; a tag that is there moves. */
  put(repository: string, image: Image, tag?: string): void;
  /** Other switches from now on, in place of all that were set; faults are counted anew. */
  misbehave(switches: BadSwitches): void;
}

/** Starts a registry on loopback that serves images from memory and misbehaves as it is told. */
export async function startBadRegistry(options: BadRegistryOptions = {}): Promise<BadRegistry> {
  const { images = {}, certificates, ...initial } = options;
  const contents = emptyContents();
  for (const [name, image] of Object.entries(images)) {
    const [repository = '', tag] = name.split(':');
    contents.put(repository, image, tag);
  }
  const log = badLog();
  const tokens = new Map();
  let switches: BadSwitches = initial;
  let pick = faultPicker(initial.faults);
  const origins = { first: '', second: '' };

  const serve = async (
    port: Place['port'],
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> => {
    const { method = '', url = '', headers } = request;
    const entry = log.open({
      port,
      method,
      path: url,
      userAgent: headers['user-agent'] ?? '',
      authorization: headers.authorization !== undefined,
      range: headers.range,
    });
    const other = port === 'first' ? origins.second : origins.first;
    const { answer, mayFail } = await route(
      { contents, tokens, switches },
      { port, origin: origins[port], other },
      request,
    );
    const failure = mayFail ? pick(method, url) : undefined;
    const told = { ...answer, headers: { ...switches.headers, ...answer.headers } };
    try {
      await send(request, response, told, failure, (bytes) => (entry.bytes += bytes));
    } finally {
      log.end(entry, response.statusCode);
    }
  };

  const listening = async (port: Place['port']): Promise<Awaited<ReturnType<typeof listen>>> => {
    const server = await makeServer(certificates, (request, response) => void serve(port, request, response));
    const place = await listen(server);
    origins[port] = `${certificates === undefined ? 'http' : 'https'}://${place.host}`;
    return place;
  };
  const [first, second] = [await listening('first'), await listening('second')];
  return closable(
    {
      host: first.host,
      port: first.port,
      url: origins.first,
      otherHost: second.host,
      put: contents.put,
      misbehave: (next: BadSwitches) => {
        switches = next;
        pick = faultPicker(next.faults);
      },
      requests: log.requests,
      request: log.request,
      arrivals: log.arrivals,
      clear: log.clear,
    },
    async () => void (await Promise.all([first.end(), second.end()])),
  );
}

async function makeServer(
  certificates: Certificates | undefined,
  listener: RequestListener,
): Promise<Server> {
  if (certificates === undefined) return createServer(listener);
  const [cert, key] = await Promise.all([
    readFile(certificates.serverCert),
    readFile(certificates.serverKey),
  ]);
  return createTlsServer({ cert, key }, listener);
}
