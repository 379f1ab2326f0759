import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { messageOf, OciSaveError, systemCodeOf } from '../errors.ts';
import { refusalAnswer, refuse, type Answer } from './answer.ts';
import { answerRequest } from './registry.ts';
import type { RegistryTree } from './repository.ts';

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

interface Sent {
  readonly bytes: number;
  readonly problem?: string | undefined;
}

const MAX_LOGGED_PATH = 1024;
const ABORTED: ReadonlySet<string> = new Set([
  'ERR_STREAM_PREMATURE_CLOSE',
  'ECONNRESET',
  'EPIPE',
  'ERR_STREAM_DESTROYED',
]);

/** Answers one request, whatever happens: the one place where every failure becomes a response. */
export async function exchange(
  tree: RegistryTree,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<RequestEntry> {
  const started = performance.now();
  const { method = '', url = '', headers } = request;
  const cut = url.indexOf('?');
  const path = cut < 0 ? url : url.slice(0, cut);
  const query = new URLSearchParams(cut < 0 ? '' : url.slice(cut));
  const answer = await answerRequest(tree, { method, path, query, headers }).catch(unforeseen);
  const sent = await send(response, method, answer);
  return {
    method,
    path: path.slice(0, MAX_LOGGED_PATH),
    status: answer.status,
    bytes: sent.bytes,
    milliseconds: performance.now() - started,
    problem: answer.problem ?? sent.problem,
  };
}

/** A failure of the file system, or a fault of ours. System errors name paths of this machine: only the log has them. */
function unforeseen(thrown: unknown): Answer {
  const code = systemCodeOf(thrown);
  const answer = refusalAnswer(
    refuse(500, 'UNKNOWN', `the registry cannot read its files (${code ?? 'internal error'})`),
  );
  return { ...answer, problem: messageOf(thrown) };
}

async function send(response: ServerResponse, method: string, answer: Answer): Promise<Sent> {
  const { status, headers, body } = answer;
  response.writeHead(status, { 'docker-distribution-api-version': 'registry/2.0', ...headers });
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
    await pipeline(counted(chunks), response);
    return { bytes };
  } catch (thrown) {
    // The pipeline has destroyed the connection, which is all that can still be said to the client.
    const isClients = !(thrown instanceof OciSaveError) && ABORTED.has(systemCodeOf(thrown) ?? '');
    return { bytes, problem: isClients ? undefined : messageOf(thrown) };
  } finally {
    if (isStream) await body.close();
  }
}
