import { createServer } from 'node:http';
import { closable, type Closable } from '../closable.ts';
import { listen } from '../listen.ts';
import { type CacheEntry, createEntries, type Entries } from './entries.ts';
import { type CacheExchange, createCacheExchange } from './exchange.ts';
import { type CacheCall, type CacheRule, createPicker, type LoggedCall } from './faults.ts';
import { answerV1, isV1 } from './v1.ts';
import { answerV2, isV2 } from './v2.ts';

export type Protocol = 'v1' | 'v2';

export interface CacheServer extends Closable {
  readonly entries: Entries;
  /** What a runner sets for the steps of actions. */
  env(protocol: Protocol): Record<string, string>;
  /** Every call so far, or since `clear`. */
  calls(call?: CacheCall): LoggedCall[];
  clear(): void;
  /** Other faults from now on, in place of all that were set. */
  misbehave(rules: readonly CacheRule[]): void;
  /** Lets go of what is held. */
  release(): void;
  packs(): CacheEntry[];
  catalogues(): CacheEntry[];
}

export const TOKEN = 'runtime-token-of-the-job';

/** Starts a cache service on loopback that speaks both protocols over the same entries, and misbehaves as told. */
export async function startCacheServer(): Promise<CacheServer> {
  const entries = createEntries();
  const log: LoggedCall[] = [];
  let pick = createPicker([]);
  let gate = Promise.withResolvers<void>();
  let origin = '';

  const answer = async (exchange: CacheExchange): Promise<void> => {
    const { url, request } = exchange;
    if (url.pathname.startsWith('/download/')) return download(exchange);
    const signed = url.pathname.startsWith('/account/');
    if (!signed && request.headers.authorization !== `Bearer ${TOKEN}`)
      return exchange.json(401, { message: 'who?' });
    if (isV2(exchange)) return answerV2(exchange);
    if (isV1(exchange)) return answerV1(exchange);
    exchange.empty(404);
  };
  const server = createServer((request, response) => {
    const parts = { request, response, origin, entries, pick, log, released: gate.promise };
    void answer(createCacheExchange(parts)).catch((error: unknown) =>
      response.destroy(error instanceof Error ? error : undefined),
    );
  });
  const place = await listen(server);
  origin = `http://${place.host}`;
  const withKey = (part: string): CacheEntry[] => entries.all().filter(({ key }) => key.includes(part));
  return closable<Omit<CacheServer, keyof Closable>>(
    {
      entries,
      env: (protocol) => ({
        ACTIONS_RUNTIME_TOKEN: TOKEN,
        ...(protocol === 'v2'
          ? { ACTIONS_CACHE_SERVICE_V2: 'true', ACTIONS_RESULTS_URL: `${origin}/` }
          : { ACTIONS_CACHE_URL: `${origin}/`, GITHUB_SERVER_URL: 'https://git.example' }),
      }),
      calls: (call) => log.filter((logged) => call === undefined || logged.call === call),
      clear: () => void log.splice(0),
      misbehave(rules) {
        pick = createPicker(rules);
      },
      release() {
        gate.resolve();
        gate = Promise.withResolvers<void>();
      },
      packs: () => withKey('-pack-'),
      catalogues: () => withKey('-catalogue-'),
    },
    () => place.end(),
  );
}

/** A signed address needs no token, and answers ranges. */
async function download(exchange: CacheExchange): Promise<void> {
  const { url, entries, request } = exchange;
  const id = Number(url.pathname.split('/').at(-1));
  const entry = entries.byId(id);
  if ((await exchange.begin('download', entry?.key ?? '')) === undefined) return;
  if (entry === undefined || url.searchParams.get('sig') !== `signature-of-${id}`) return exchange.empty(404);
  const [, from] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? [];
  if (from === undefined) return exchange.bytes(200, entry.bytes, { 'accept-ranges': 'bytes' });
  const start = Number(from);
  const total = entry.bytes.length;
  await exchange.bytes(206, entry.bytes.subarray(start), {
    'content-range': `bytes ${start}-${total - 1}/${total}`,
  });
}
