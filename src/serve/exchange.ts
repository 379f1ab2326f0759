import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { messageOf, OciSaveError, systemCodeOf } from '../errors.ts';
import type { RegistryTree } from './tree/manifest.ts';
import { handleRequest } from './registry.ts';
import { refusalResponse, refuse, type RegistryResponse } from './response.ts';

/** One request, as it ended. */
export interface RequestEntry {
  readonly method: string;
  /** Without the query, shortened. Printable ASCII: Node's parser refuses anything else. */
  readonly path: string;
  readonly status: number;
  /** Bytes of the body that were handed to the connection: fewer than announced where it broke. */
  readonly bytes: number;
  readonly milliseconds: number;
  /** What is wrong in the tree or on this machine; absent where only the client is to blame. */
  readonly problem?: string | undefined;
}

const MAX_LOGGED_PATH = 1024;
const ABORTED: ReadonlySet<string> = new Set([
  'ERR_STREAM_PREMATURE_CLOSE',
  'ECONNRESET',
  'EPIPE',
  'ERR_STREAM_DESTROYED',
]);

/** Responds to one request in every case: the one place where a failure becomes a response. */
export async function exchange(
  tree: RegistryTree,
  request: IncomingMessage,
  connection: ServerResponse,
): Promise<RequestEntry> {
  const started = performance.now();
  const { method = '', url = '', headers } = request;
  const cut = url.indexOf('?');
  const path = cut < 0 ? url : url.slice(0, cut);
  const query = new URLSearchParams(cut < 0 ? '' : url.slice(cut));
  const response = await handleRequest(tree, { method, path, query, headers }).catch(unforeseen);
  const sent = await send(connection, method, response);
  return {
    method,
    path: path.slice(0, MAX_LOGGED_PATH),
    status: response.status,
    bytes: sent.bytes,
    milliseconds: performance.now() - started,
    problem: response.problem ?? sent.problem,
  };
}

/** A failure of the file system, or a fault of ours. System errors name paths of this machine: only the log shows them. */
function unforeseen(thrown: unknown): RegistryResponse {
  const code = systemCodeOf(thrown) ?? 'internal error';
  const refusal = refuse(500, 'UNKNOWN', `the registry cannot read its files (${code})`);
  return { ...refusalResponse(refusal), problem: messageOf(thrown) };
}

/** No browser may take a blob for a page, whatever it looks like. */
const ALWAYS = { 'docker-distribution-api-version': 'registry/2.0', 'x-content-type-options': 'nosniff' };

async function send(
  connection: ServerResponse,
  method: string,
  { status, headers, body }: RegistryResponse,
): Promise<Pick<RequestEntry, 'bytes' | 'problem'>> {
  connection.writeHead(status, { ...ALWAYS, ...headers });
  let bytes = 0;
  async function* counted(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) {
    for await (const chunk of chunks) {
      bytes += chunk.length;
      yield chunk;
    }
  }
  const isStream = body !== undefined && 'close' in body;
  try {
    const chunks = isStream ? body.chunks() : body === undefined || method === 'HEAD' ? [] : [body];
    await pipeline(counted(chunks), connection);
    return { bytes };
  } catch (thrown) {
    // The pipeline has destroyed the connection, which is all that can still be said to the client.
    const isClients = !(thrown instanceof OciSaveError) && ABORTED.has(systemCodeOf(thrown) ?? '');
    return { bytes, problem: isClients ? undefined : messageOf(thrown) };
  } finally {
    if (isStream) await body.close();
  }
}
