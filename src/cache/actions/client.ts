import { buffer } from 'node:stream/consumers';
import { z } from 'zod';
import { OciSaveError } from '../../errors.ts';
import {
  type Answer,
  type Ask,
  boundedBody,
  createAgents,
  createExchange,
  insecureHosts,
  networkError,
} from '../../registry/index.ts';
import { USER_AGENT } from '../../version.ts';
import type { CacheService, Environment } from './service.ts';

/** Where an entry's archive can be fetched. */
export interface FoundEntry {
  readonly key: string;
  /** Signed: a secret. */
  readonly url: URL;
}

export interface ServiceClient {
  /** The entry of exactly this version whose key is, or begins with, `key`. The service decides which. */
  find(key: string, version: string, signal: AbortSignal | undefined): Promise<FoundEntry | undefined>;
  /** One GET of an archive from a byte on, whose answer `read` takes. It is not retried. */
  fetch<T>(
    url: URL,
    offset: number,
    signal: AbortSignal | undefined,
    read: (answer: Answer) => Promise<T> | T,
  ): Promise<T>;
  readonly stallMilliseconds: number;
  close(): void;
}

const METHOD = 'twirp/github.actions.results.api.v1.CacheService/GetCacheEntryDownloadURL';
const MAX_ANSWER_BYTES = 64 * 1024;

const v2Schema = z.looseObject({
  ok: z.boolean().default(false),
  signed_download_url: z.string().optional(),
  signedDownloadUrl: z.string().optional(),
  matched_key: z.string().optional(),
  matchedKey: z.string().optional(),
});
const v1Schema = z.looseObject({ archiveLocation: z.string(), cacheKey: z.string() });

export interface ClientOptions {
  readonly env: Environment;
  readonly onSecret: (secret: string) => void;
  readonly onWarning: (message: string) => void;
  readonly stallMilliseconds: number;
}

const SUBJECT = 'the cache service';
const SOCKETS = 8;
const PATIENCE_MILLISECONDS = 30_000;

/** A client of the two protocols, reading only. */
export function createServiceClient(service: CacheService, options: ClientOptions): ServiceClient {
  const { env, onSecret, onWarning, stallMilliseconds } = options;
  const { token, protocol } = service;
  const authorization = token === '' ? {} : { authorization: `Bearer ${token}` };
  const agents = createAgents({ sockets: SOCKETS, env });
  const exchange = createExchange({
    agents,
    insecure: insecureHosts([]),
    policy: { retries: 2, retryMilliseconds: 500 },
    userAgent: USER_AGENT,
    requestMilliseconds: PATIENCE_MILLISECONDS,
    stallMilliseconds,
    onWarning,
  });

  const ask = <T>(
    request: Pick<Ask, 'method' | 'url' | 'headers' | 'content' | 'signal'>,
    read: (answer: Answer) => Promise<T>,
  ): Promise<T> => exchange.ask({ ...request, ...authorization, subject: SUBJECT, secrets: [token] }, read);

  const found = (key: string, address: string): FoundEntry => {
    const url = URL.parse(address);
    if (url === null || !/^https?:$/.test(url.protocol)) throw strange('an address that is none');
    // The runner hides it in the log, whoever should print it.
    if (url.search !== '') onSecret(url.search.slice(1));
    return { key, url };
  };

  const findV2: ServiceClient['find'] = (key, version, signal) =>
    ask(
      {
        method: 'POST',
        // As the official client has it: a path before it is dropped.
        url: new URL(`/${METHOD}`, service.url),
        headers: { 'content-type': 'application/json' },
        content: JSON.stringify({ key, restore_keys: [key], version }),
        signal,
      },
      async (answer) => {
        if (answer.status !== 200) throw await refusedBy(answer);
        const told = v2Schema.parse(await readJson(answer, signal, stallMilliseconds));
        const address = told.signed_download_url ?? told.signedDownloadUrl ?? '';
        if (!told.ok || address === '') return undefined;
        return found(told.matched_key ?? told.matchedKey ?? '', address);
      },
    );

  const findV1: ServiceClient['find'] = (key, version, signal) => {
    const url = new URL('_apis/artifactcache/cache', service.url);
    url.search = `keys=${encodeURIComponent(key)}&version=${version}`;
    return ask(
      { method: 'GET', url, headers: { accept: 'application/json;api-version=6.0-preview.1' }, signal },
      async (answer) => {
        if (answer.status === 204) {
          answer.discard();
          return undefined;
        }
        if (answer.status !== 200) throw await refusedBy(answer);
        const told = v1Schema.parse(await readJson(answer, signal, stallMilliseconds));
        return found(told.cacheKey, told.archiveLocation);
      },
    );
  };

  return {
    find: protocol === 'v2' ? findV2 : findV1,
    fetch: (url, offset, signal, read) =>
      exchange.ask(
        {
          method: 'GET',
          url,
          headers: offset > 0 ? { range: `bytes=${offset}-` } : {},
          subject: 'an entry of the cache',
          secrets: url.search === '' ? [] : [url.search.slice(1)],
          signal,
          retry: false,
        },
        read,
      ),
    stallMilliseconds,
    close: () => agents.close(),
  };
}

async function refusedBy(answer: Answer): Promise<OciSaveError> {
  const { host, status, words } = await answer.refusal();
  const denied = status === 401 || status === 403;
  return new OciSaveError({
    code: denied ? 'denied' : 'network',
    message: `${host} answered ${status}${words === '' ? '' : ` (${words})`}`,
  });
}

function strange(what: string): OciSaveError {
  return new OciSaveError({ code: 'unsupported', message: `${SUBJECT} sent ${what}` });
}

async function readJson(
  { body, host }: Answer,
  signal: AbortSignal | undefined,
  stallMilliseconds: number,
): Promise<unknown> {
  const bytes = await buffer(
    boundedBody(body, {
      limit: MAX_ANSWER_BYTES,
      stallMilliseconds,
      signal,
      tooLong: () => strange('an answer that is too long'),
      broken: (cause) => networkError(SUBJECT, host, cause),
    }),
  );
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new OciSaveError({ code: 'unsupported', message: `${SUBJECT} sent what is no JSON`, cause });
  }
}
