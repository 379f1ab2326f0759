import { z } from 'zod';
import type { CacheExchange } from './exchange.ts';

const BASE = '/_apis/artifactcache/';
const reserveSchema = z.looseObject({ key: z.string(), version: z.string() });
const commitSchema = z.looseObject({ size: z.number() });

export function isV1({ url }: CacheExchange): boolean {
  return url.pathname.startsWith(BASE);
}

/** The older service, of GitHub Enterprise Server, Gitea, Forgejo and act: reserve, PATCH chunks, commit. */
export async function answerV1(exchange: CacheExchange): Promise<void> {
  const { url, request, entries } = exchange;
  const [what = '', number = ''] = url.pathname.slice(BASE.length).split('/');
  if (what === 'cache') return lookUp(exchange);
  if (what !== 'caches') return exchange.empty(404);
  if (number === '') return reserve(exchange);
  const upload = entries.upload(Number(number));
  if (request.method === 'PATCH') {
    if ((await exchange.begin('upload', upload?.key ?? '')) === undefined) return;
    const body = await exchange.body();
    if (upload === undefined) return exchange.json(404, { message: 'no such upload' });
    const [, start = '0'] = /^bytes (\d+)-/.exec(String(request.headers['content-range'])) ?? [];
    upload.blocks.set(start, body);
    return exchange.empty(204);
  }
  if ((await exchange.begin('commit', upload?.key ?? '')) === undefined) return;
  if (upload === undefined) return exchange.json(404, { message: 'no such upload' });
  const chunks = [...upload.blocks].toSorted(([a], [b]) => Number(a) - Number(b)).map(([, chunk]) => chunk);
  const bytes = Buffer.concat(chunks);
  const { size } = commitSchema.parse(JSON.parse((await exchange.body()).toString()));
  if (bytes.length !== size)
    return exchange.json(400, { message: `${bytes.length} bytes instead of ${size}` });
  entries.commit(upload.id, bytes);
  exchange.empty(204);
}

async function lookUp(exchange: CacheExchange): Promise<void> {
  const { url, entries, origin } = exchange;
  const keys = (url.searchParams.get('keys') ?? '').split(',');
  const begun = await exchange.begin('lookup', keys[0] ?? '');
  if (begun === undefined) return;
  const { fault } = begun;
  if (fault !== undefined && 'deny' in fault) {
    return exchange.json(403, { message: 'cache read denied: no readable scopes' });
  }
  const found =
    fault !== undefined && 'answerWith' in fault
      ? entries.all().findLast(fault.answerWith)
      : entries.find(keys, url.searchParams.get('version') ?? '');
  if (found === undefined) return exchange.empty(204);
  const archiveLocation = `${origin}/download/${found.id}?sig=signature-of-${found.id}`;
  exchange.json(200, { archiveLocation, cacheKey: found.key, scope: 'refs/heads/main' });
  if (fault !== undefined && 'evictAfterwards' in fault) entries.evict((entry) => entry === found);
}

async function reserve(exchange: CacheExchange): Promise<void> {
  const { key, version } = reserveSchema.parse(JSON.parse((await exchange.body()).toString()));
  const begun = await exchange.begin('reserve', key);
  if (begun === undefined) return;
  if (begun.fault !== undefined && 'deny' in begun.fault) {
    return exchange.json(403, { message: 'cache write denied: the token is read-only' });
  }
  const cacheId = exchange.entries.reserve(key, version);
  if (cacheId === undefined) return exchange.json(409, { message: 'cache already exists' });
  exchange.json(201, { cacheId });
}
