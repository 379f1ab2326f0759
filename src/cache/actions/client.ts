import { z } from 'zod';
import { OciSaveError } from '../../errors.ts';
import {
  cannotResume,
  type BodyPart,
  createHttpClient,
  download,
  type HttpRequest,
  type HttpResponse,
  partIn,
  plainRefusalError,
  rangeHeader,
} from '../../http/index.ts';
import { jsonIn } from '../../text/json-in.ts';
import type { CacheService, Environment } from './service.ts';

/** An entry's whole key, and the address of its archive. */
export interface FoundEntry {
  readonly key: string;
  /** Signed: a secret. */
  readonly url: URL;
}

export interface ServiceClient {
  /** The entry of exactly this version whose key is, or begins with, `key`. The service decides which. */
  find(key: string, version: string, signal: AbortSignal | undefined): Promise<FoundEntry | undefined>;
  /**
   * An archive's bytes, at most `maxBytes`; a cut connection is resumed.
   * @throws OciSaveError `network` where it cannot be fetched whole
   */
  download(url: URL, maxBytes: number, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array>;
  close(): void;
}

const METHOD = 'twirp/github.actions.results.api.v1.CacheService/GetCacheEntryDownloadURL';
const MAX_RESPONSE_BYTES = 64 * 1024;

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
const ARCHIVE = 'an entry of the cache';
const ARCHIVE_POLICY = { retries: 2, retryMilliseconds: 500 };

/** A cache that is slower than this is slower than any registry. */
const LEAST_BYTES_A_SECOND = 64 * 1024;

/** A client of the two protocols, reading only. */
export function createServiceClient(service: CacheService, options: ClientOptions): ServiceClient {
  const { env, onSecret, onWarning, stallMilliseconds } = options;
  const { token, protocol } = service;
  const authorization = token === '' ? {} : { authorization: `Bearer ${token}` };
  const http = createHttpClient({
    env,
    sockets: 8,
    policy: { retries: 2, retryMilliseconds: 500 },
    requestMilliseconds: 30_000,
    stallMilliseconds,
    leastBytesASecond: LEAST_BYTES_A_SECOND,
    onWarning,
  });

  const ask = <T>(
    request: Pick<HttpRequest, 'method' | 'url' | 'headers' | 'content' | 'signal'>,
    read: (response: HttpResponse) => Promise<T>,
  ): Promise<T> => http.request({ ...request, ...authorization, subject: SUBJECT, secrets: [token] }, read);

  const found = (key: string, address: string): FoundEntry => {
    const url = URL.parse(address);
    if (url === null || !/^https?:$/.test(url.protocol)) throw badResponse('an address that is not valid');
    // The runner hides it in the log, whichever code prints it.
    if (url.search !== '') onSecret(url.search.slice(1));
    return { key, url };
  };

  const findV2: ServiceClient['find'] = (key, version, signal) =>
    ask(
      {
        method: 'POST',
        // As in the official client: the path of the service's address is dropped.
        url: new URL(`/${METHOD}`, service.url),
        headers: { 'content-type': 'application/json' },
        content: JSON.stringify({ key, restore_keys: [key], version }),
        signal,
      },
      async (response) => {
        if (response.status !== 200) throw plainRefusalError(SUBJECT, await response.refusal());
        const entry = v2Schema.parse(await readJson(response));
        const address = entry.signed_download_url ?? entry.signedDownloadUrl ?? '';
        if (!entry.ok || address === '') return undefined;
        return found(entry.matched_key ?? entry.matchedKey ?? '', address);
      },
    );

  const findV1: ServiceClient['find'] = (key, version, signal) => {
    const url = new URL('_apis/artifactcache/cache', service.url);
    url.search = `keys=${encodeURIComponent(key)}&version=${version}`;
    return ask(
      { method: 'GET', url, headers: { accept: 'application/json;api-version=6.0-preview.1' }, signal },
      async (response) => {
        if (response.status === 204) {
          response.discard();
          return undefined;
        }
        if (response.status !== 200) throw plainRefusalError(SUBJECT, await response.refusal());
        const entry = v1Schema.parse(await readJson(response));
        return found(entry.cacheKey, entry.archiveLocation);
      },
    );
  };

  const openArchive = (
    url: URL,
    offset: number,
    maxBytes: number,
    signal: AbortSignal | undefined,
  ): Promise<BodyPart | undefined> =>
    http.request(
      {
        method: 'GET',
        url,
        headers: rangeHeader(offset),
        subject: ARCHIVE,
        secrets: url.search === '' ? [] : [url.search.slice(1)],
        signal,
        retry: false,
      },
      async (response) => {
        if (cannotResume(response, offset)) return undefined;
        const part = partIn(response, offset);
        if (part === undefined) throw plainRefusalError(ARCHIVE, await response.refusal());
        const tooLong = (): OciSaveError =>
          new OciSaveError({
            code: 'digest',
            message: `${ARCHIVE} has more than the ${maxBytes} bytes that it may have`,
          });
        return { ...part, body: response.stream({ limit: maxBytes - part.offset, tooLong }) };
      },
    );

  return {
    find: protocol === 'v2' ? findV2 : findV1,
    download: (url, maxBytes, signal) =>
      download({
        subject: ARCHIVE,
        open: (offset) => openArchive(url, offset, maxBytes, signal),
        policy: ARCHIVE_POLICY,
        signal,
      }),
    close: () => http.close(),
  };
}

function badResponse(what: string): OciSaveError {
  return new OciSaveError({ code: 'unsupported', message: `${SUBJECT} sent ${what}` });
}

async function readJson(response: HttpResponse): Promise<unknown> {
  const tooLong = (): OciSaveError => badResponse('a response that is too long');
  const json = jsonIn(await response.whole({ limit: MAX_RESPONSE_BYTES, tooLong }));
  if (json === undefined) throw badResponse('bytes that are not JSON');
  return json;
}
