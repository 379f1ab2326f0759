import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { OciSaveError } from '../errors.ts';
import { percentDecoded } from '../text/percent.ts';
import { createAgents } from './agents.ts';
import type { Environment } from '../registry/auth/auth-search.ts';
import { boundedBody } from './body.ts';
import { networkError, refusalError } from '../registry/error.ts';
import { createExchange, type Exchange } from './client.ts';
import type { Answer } from './follow.ts';
import { insecureHosts } from './insecure.ts';

export interface FetchLimits {
  readonly bytes: number;
  /** For all attempts together. */
  readonly milliseconds: number;
  /** Silence after which a body counts as stalled, and until the head of an answer. */
  readonly stallMilliseconds: number;
  /** Attempts after the first one. */
  readonly retries: number;
}

export interface FetchOptions {
  /** What is fetched, as messages call it: an address may be a secret. */
  readonly subject: string;
  /** Where HTTP_PROXY, HTTPS_PROXY and NO_PROXY are read. */
  readonly env: Environment;
  readonly userAgent: string;
  readonly limits: FetchLimits;
  readonly signal?: AbortSignal | undefined;
  /** Told how many bytes have come, and how many will, where the server says so. */
  readonly onProgress?: (received: number, total: number | undefined) => void;
}

/**
 * Fetches an address that the user wrote into a file; user and password in it go to its own origin alone. Nobody has
 * looked at the bytes. A file that is not whole is removed.
 * @throws OciSaveError for what the server or the network did, and for a limit that was reached
 */
export async function fetchFile(address: string, file: string, options: FetchOptions): Promise<void> {
  const { env, userAgent, limits, signal } = options;
  const { stallMilliseconds, retries } = limits;
  const agents = createAgents({ sockets: 1, env });
  const exchange = createExchange({
    agents,
    insecure: insecureHosts([]),
    policy: { retries, retryMilliseconds: 1000 },
    userAgent,
    requestMilliseconds: stallMilliseconds,
    stallMilliseconds,
    onWarning: () => {},
  });
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(tooLate(options)), limits.milliseconds);
  const either = signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]);
  try {
    await ask(exchange, address, file, { ...options, signal: either });
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  } finally {
    clearTimeout(timer);
    agents.close();
  }
}

function ask(exchange: Exchange, address: string, file: string, options: FetchOptions): Promise<void> {
  const url = new URL(address);
  const authorization = basicOf(url);
  const { subject, signal } = options;
  return exchange.ask(
    {
      method: 'GET',
      url,
      headers: { accept: '*/*' },
      subject,
      signal,
      authorization,
      secrets: [url.username, url.password, authorization ?? '', url.search.slice(1)],
    },
    async (answer) => {
      if (answer.status !== 200) {
        const sent = answer.crossed ? 'elsewhere' : authorization === undefined ? 'nothing' : 'credentials';
        throw refusalError(subject, await answer.refusal(), sent);
      }
      await write(answer, file, options);
    },
  );
}

async function write(
  { host, headers, body }: Answer,
  file: string,
  { subject, limits, signal, onProgress }: FetchOptions,
): Promise<void> {
  const length = Number(headers['content-length'] ?? Number.NaN);
  const total = Number.isSafeInteger(length) ? length : undefined;
  const tooLarge = (): OciSaveError =>
    new OciSaveError({
      code: 'unsupported',
      message: `${subject}: ${host} sends more than ${Math.round(limits.bytes / 1024 / 1024)} MiB`,
    });
  if (total !== undefined && total > limits.bytes) {
    body.destroy();
    throw tooLarge();
  }
  const broken = (cause: unknown): OciSaveError => networkError(subject, host, cause);
  const bounded = boundedBody(body, {
    limit: limits.bytes,
    stallMilliseconds: limits.stallMilliseconds,
    signal,
    tooLong: tooLarge,
    broken,
  });
  let received = 0;
  const counted = async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      received += chunk.length;
      onProgress?.(received, total);
      yield chunk;
    }
  };
  await pipeline(bounded, counted, createWriteStream(file, { mode: 0o600 }));
}

/** Credentials of an address, as RFC 7617 sends them. */
function basicOf({ username, password }: URL): string | undefined {
  if (username === '' && password === '') return undefined;
  const pair = `${percentDecoded(username)}:${percentDecoded(password)}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

function tooLate({ subject, limits }: FetchOptions): OciSaveError {
  return new OciSaveError({
    code: 'network',
    message: `${subject}: it did not arrive within ${Math.round(limits.milliseconds / 60_000)} min`,
  });
}
