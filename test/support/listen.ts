import type { Server } from 'node:net';

export interface Listening {
  readonly host: string;
  readonly port: number;
  readonly end: () => Promise<void>;
}

/** Lets a server listen on loopback; ended, it cuts the connections that are still open. */
export async function listen(
  server: Server & { closeAllConnections?: () => void },
  port = 0,
): Promise<Listening> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return {
    host: `127.0.0.1:${address.port}`,
    port: address.port,
    end: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections?.();
      }),
  };
}
