import { createServer as createHttpServer, request } from 'node:http';
import { connect } from 'node:net';
import { closable, type Closable } from './closable.ts';
import { listen } from './listen.ts';

export interface ForwardProxy extends Closable {
  readonly host: string;
  /** What it was asked for: `CONNECT host:port`, `GET http://…`. */
  readonly log: readonly string[];
}

/** A proxy that leads every host to `upstream`, names that no DNS has included; a function gives each its own. */
export async function startForwardProxy(
  upstream: string | ((host: string) => string),
): Promise<ForwardProxy> {
  const log: string[] = [];
  const placeOf = (host: string): { hostname: string; port: string } => {
    const [hostname = '', port = '80'] = (typeof upstream === 'string' ? upstream : upstream(host)).split(
      ':',
    );
    return { hostname, port };
  };
  const server = createHttpServer((incoming, outgoing) => {
    log.push(`${incoming.method} ${incoming.url}`);
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
  server.on('connect', (incoming, socket) => {
    log.push(`CONNECT ${incoming.url}`);
    const { hostname, port } = placeOf(incoming.url ?? '');
    const onward = connect(Number(port), hostname, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      socket.pipe(onward).pipe(socket);
    });
    onward.on('error', () => socket.destroy());
    socket.on('error', () => onward.destroy());
  });
  const { host, end } = await listen(server);
  return closable({ host, log }, end);
}
