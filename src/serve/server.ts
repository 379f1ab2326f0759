import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { messageOf, OciSaveError, systemCodeOf } from '../errors.ts';
import { exchange, type RequestEntry } from './exchange.ts';
import { filesAt } from './tree/folder-files.ts';
import { createIndexReader } from './tree/layout-index.ts';
import type { RegistryTree } from './tree/manifest.ts';
import { checkSoundness } from './tree/soundness.ts';
import type { TreeFiles } from './tree/tree-files.ts';
import { nodeHttp } from '../http/index.ts';

export interface ServeOptions {
  /** What `findRegistryRoot` found, or files that are not in a folder. */
  readonly root: string | TreeFiles;
  /** Name or address to listen on; `0.0.0.0` and `::` mean every interface. */
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly onRequest?: ((entry: RequestEntry) => void) | undefined;
}

export interface RunningRegistry {
  /** `host:port`, as clients write it before a repository's name. */
  readonly address: string;
  readonly url: string;
  /** Ends every connection, downloads that are under way included, and frees the port. */
  close(): Promise<void>;
}

/** The address at which this machine reaches a server that listens at a host, which may stand for all of them. */
export function reachableAddress(host: string, port: number): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}

const SECOND = 1000;

/**
 * Serves a zot root, or what would be one, read only, over plain HTTP.
 * @throws OciSaveError `usage` where the root is not a folder or the port not a number, `machine` where the port
 * cannot be taken
 */
export async function serveRegistry(options: ServeOptions): Promise<RunningRegistry> {
  const { host, port, onRequest = () => {} } = options;
  const files = await filesAt(options.root);
  const tree: RegistryTree = { files, readIndex: createIndexReader(files), isSound: checkSoundness() };
  const server = nodeHttp.createServer(
    { headersTimeout: 30 * SECOND, requestTimeout: 120 * SECOND, keepAliveTimeout: 75 * SECOND },
    (request, response) => void exchange(tree, request, response).then(onRequest),
  );
  // Silence, not length, ends a download: a slow line may take hours.
  server.timeout = 600 * SECOND;
  const bound = await listen(server, host, port);
  const address = reachableAddress(bound.address, bound.port);
  return {
    address,
    url: `http://${address}`,
    close: () => close(server),
  };
}

/**
 * Makes sure that an address can be listened at, for a program that does not tell.
 * @returns the port, where the system chooses it
 * @throws OciSaveError `machine` where it cannot
 */
export async function checkAddress(host: string, port: number): Promise<number> {
  const server = nodeHttp.createServer();
  const bound = await listen(server, host, port);
  await close(server);
  return bound.port;
}

async function listen(server: Server, host: string, port: number): Promise<AddressInfo> {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new OciSaveError({
      code: 'usage',
      message: `${port} is not a port`,
      hint: 'Give a number from 0 to 65535; 0 takes any free one.',
    });
  }
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject).listen({ host, port }, resolve);
  try {
    await promise;
  } catch (cause) {
    throw new OciSaveError({
      code: 'machine',
      message: `cannot listen on ${host}, port ${port} (${systemCodeOf(cause) ?? messageOf(cause)})`,
      hint: 'Choose another address or port; 0 takes any free port.',
      cause,
    });
  }
  const bound = server.address();
  if (bound === null || typeof bound === 'string') {
    throw new OciSaveError({ code: 'machine', message: `${host} is not a network address` });
  }
  return bound;
}

function close(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  // A second call finds the server closed already: that is not an error.
  server.close(() => resolve());
  server.closeAllConnections();
  return promise;
}
