import { isIP } from 'node:net';
import { connect, type PeerCertificate } from 'node:tls';
import type { Proxy } from '../proxies.ts';
import { chainOf } from './certificate.ts';
import { nodeHttp } from '../node-http.ts';

const LOOK_MILLISECONDS = 15_000;

/**
 * Looks at the certificates that a host shows behind a proxy, after they were refused: Node tells nobody which they were.
 * Nothing is sent but the greeting of TLS, and whatever is found is only shown. None where they cannot be seen, or where
 * the signal ends the look.
 */
export function certificatesBehind(
  url: URL,
  { address }: Proxy,
  signal?: AbortSignal,
): Promise<PeerCertificate[]> {
  const { protocol, hostname, port, username, password } = new URL(address);
  // Reached over TLS, the proxy would have to be trusted first.
  if (protocol !== 'http:') return Promise.resolve([]);
  const place = `${url.hostname}:${url.port || '443'}`;
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const bare = url.hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve) => {
    const asked = nodeHttp.request({
      method: 'CONNECT',
      hostname: hostname.replace(/^\[|\]$/g, ''),
      port: port || '80',
      path: place,
      headers: {
        host: place,
        ...(username === ''
          ? {}
          : { 'proxy-authorization': `Basic ${Buffer.from(login).toString('base64')}` }),
      },
    });
    const done = (chain: PeerCertificate[]): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
      asked.destroy();
      resolve(chain);
    };
    const stop = (): void => done([]);
    const timer = setTimeout(stop, LOOK_MILLISECONDS);
    signal?.addEventListener('abort', stop);
    asked.once('error', () => done([]));
    asked.once('response', () => done([]));
    asked.once('connect', (response, socket) => {
      socket.on('error', () => done([]));
      if (response.statusCode !== 200) {
        socket.destroy();
        return done([]);
      }
      const servername = isIP(bare) === 0 ? { servername: bare } : {};
      // To look, not to trust: the connection ends here, without a request.
      const secure = connect({ socket, ...servername, rejectUnauthorized: false });
      secure.once('error', () => done([]));
      secure.once('secureConnect', () => {
        const chain = chainOf(secure);
        secure.destroy();
        done(chain);
      });
      secure.once('close', () => done([]));
    });
    asked.end();
  });
}
