import { constants } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { OciSaveError } from '../errors.ts';
import { percentDecoded } from '../text/plain-text.ts';
import type { Environment } from './proxies.ts';
import { createHttpClient, type HttpClient } from './client.ts';
import { type BodyPart, cannotResume, download, partIn, rangeHeader } from './response/download.ts';
import { refusalError } from './response/error.ts';
import type { HttpResponse } from './follow.ts';
import type { Trust } from './tls/contexts.ts';

const { O_APPEND, O_CREAT, O_TRUNC, O_WRONLY } = constants;

export interface FetchLimits {
  readonly bytes: number;
  /** For all attempts together. */
  readonly milliseconds: number;
  /** Silence after which a body counts as stalled, and until the head of a response. */
  readonly stallMilliseconds: number;
  /** Attempts after the first one. */
  readonly retries: number;
}

export interface FetchOptions {
  /** What is fetched, as messages call it: an address may be a secret. */
  readonly subject: string;
  /** Where HTTP_PROXY, HTTPS_PROXY and NO_PROXY are read. */
  readonly env: Environment;
  /** What TLS stands on; by default Node's own list of authorities. */
  readonly trust?: Trust | undefined;
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
  // Appended to, so that a write goes on at the end, also after a restart. Before anything is sent: a file that cannot be
  // made leaves nothing open.
  const out = await open(file, O_CREAT | O_TRUNC | O_WRONLY | O_APPEND, 0o600);
  try {
    for await (const chunk of fetched(address, options, () => out.truncate(0))) await out.appendFile(chunk);
    await out.close();
  } catch (error) {
    await out.close();
    await rm(file, { force: true });
    throw error;
  }
}

/** The same into memory: for what is small. */
export async function fetchBytes(address: string, options: FetchOptions): Promise<Uint8Array> {
  let chunks: Uint8Array[] = [];
  const restart = (): void => {
    chunks = [];
  };
  for await (const chunk of fetched(address, options, restart)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** @param restart throws away what came so far, where the server sends all of it again */
async function* fetched(
  address: string,
  options: FetchOptions,
  restart: () => Promise<void> | void,
): AsyncGenerator<Uint8Array> {
  const { env, trust, limits, subject } = options;
  const { stallMilliseconds, retries } = limits;
  const policy = { retries, retryMilliseconds: 1000 };
  const http = createHttpClient({
    env,
    trust,
    sockets: 1,
    policy,
    requestMilliseconds: stallMilliseconds,
    stallMilliseconds,
  });
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(tooLate(options)), limits.milliseconds);
  const signal = options.signal === undefined ? late.signal : AbortSignal.any([options.signal, late.signal]);
  let total: number | undefined;
  let received = 0;
  const bytes = download({
    subject,
    policy,
    signal,
    async open(offset) {
      const part = await openPart(http, new URL(address), offset, { ...options, signal });
      total = part?.total ?? total;
      return part;
    },
    async restart() {
      await restart();
      received = 0;
    },
  });
  try {
    for await (const chunk of bytes) {
      received += chunk.length;
      options.onProgress?.(received, total);
      yield chunk;
    }
  } finally {
    clearTimeout(timer);
    http.close();
  }
}

function openPart(
  http: HttpClient,
  url: URL,
  offset: number,
  { subject, signal, limits }: FetchOptions,
): Promise<BodyPart | undefined> {
  const authorization = basicOf(url);
  return http.request(
    {
      method: 'GET',
      url,
      headers: { accept: '*/*', ...rangeHeader(offset) },
      subject,
      signal,
      authorization,
      secrets: secretsIn(url, authorization),
      retry: false,
    },
    async (response) => {
      if (cannotResume(response, offset)) return undefined;
      const part = partIn(response, offset);
      if (part === undefined) throw await refused(subject, response, authorization !== undefined);
      const tooLong = (): OciSaveError =>
        new OciSaveError({
          code: 'unsupported',
          message: `${subject}: ${response.host} sends more than ${Math.round(limits.bytes / 1024 / 1024)} MiB`,
        });
      if (part.total !== undefined && part.total > limits.bytes) {
        response.body.destroy();
        throw tooLong();
      }
      return { ...part, body: response.stream({ limit: limits.bytes - part.offset, tooLong }) };
    },
  );
}

async function refused(
  subject: string,
  response: HttpResponse,
  withCredentials: boolean,
): Promise<OciSaveError> {
  const error = refusalError(subject, await response.refusal());
  if (error.code !== 'denied') return error;
  const { code, message, cause } = error;
  const credentials = response.crossed
    ? 'the server had sent us there, without credentials'
    : withCredentials
      ? 'credentials were sent and refused'
      : 'no credentials were sent';
  return new OciSaveError({ code, message: `${message}; ${credentials}`, cause });
}

/** What an address keeps secret, as it is written there, as it is meant, and as it is sent. */
function secretsIn({ username, password, search, searchParams }: URL, authorization = ''): string[] {
  const login = [username, password];
  const query = [search.slice(1), ...searchParams.values()];
  return [
    ...login,
    ...login.map(percentDecoded),
    authorization,
    authorization.replace('Basic ', ''),
    ...query,
  ];
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
