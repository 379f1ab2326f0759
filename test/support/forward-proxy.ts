import { createServer as createHttpServer, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { closable, type Closable } from './closable.ts';
import { listen } from './listen.ts';

export interface ForwardProxy extends Closable {
  readonly host: string;
  /** What it was asked for: `CONNECT host:port`, `GET http://…`. */
  readonly log: readonly string[];
  /** The same of one client, by what its User-Agent begins with: skopeo opens tunnels as `Go-http-client`. */
  by(agent: string): string[];
}

/** A proxy that leads every host to `upstream`, names that no DNS has included; a function gives each its own. */
export async function startForwardProxy(
  upstream: string | ((host: string) => string),
): Promise<ForwardProxy> {
  const log: string[] = [];
  const agents: string[] = [];
  const note = (line: string, { headers }: IncomingMessage): void => {
    log.push(line);
    agents.push(headers['user-agent'] ?? '');
  };
  const placeOf = (host: string): { hostname: string; port: string } => {
    const [hostname = '', port = '80'] = (typeof upstream === 'string' ? upstream : upstream(host)).split(
      ':',
    );
    return { hostname, port };
  };
  const server = createHttpServer((incoming, outgoing) => {
    note(`${incoming.method} ${incoming.url}`, incoming);
    const { pathname, search, host } = new URL(incoming.url ?? '');
    const onward = request(
      { ...placeOf(host), method: incoming.method, path: pathname + search, headers: incoming.headers },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(outgoing);
      },
    );
    incoming.pipe(onward);
  });
  // A server does not count what has become a tunnel.
  const tunnels = new Set<Duplex>();
  server.on('connect', (incoming, socket) => {
    tunnels.add(socket);
    socket.once('close', () => tunnels.delete(socket));
    note(`CONNECT ${incoming.url}`, incoming);
    const { hostname, port } = placeOf(incoming.url ?? '');
    const onward = connect(Number(port), hostname, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      socket.pipe(onward).pipe(socket);
    });
    onward.on('error', () => socket.destroy());
    socket.on('error', () => onward.destroy());
    socket.once('close', () => onward.destroy());
  });
  const { host, end } = await listen(server);
  const by = (agent: string): string[] => log.filter((_, at) => agents[at]?.startsWith(agent) === true);
  return closable({ host, log, by }, () => {
    for (const tunnel of tunnels) tunnel.destroy();
    return end();
  });
}
