import { z } from 'zod';
import type { CacheExchange } from './exchange.ts';

const SERVICE = '/twirp/github.actions.results.api.v1.CacheService/';

const requestSchema = z.looseObject({
  key: z.string(),
  version: z.string(),
  restore_keys: z.array(z.string()).default([]),
  size_bytes: z.coerce.number().optional(),
});

export function isV2({ url }: CacheExchange): boolean {
  return url.pathname.startsWith(SERVICE) || url.pathname.startsWith('/account/');
}

/** GitHub's own service, as @actions/cache 6.3 asks it: Twirp in JSON, and Azure's block blobs. */
export async function answerV2(exchange: CacheExchange): Promise<void> {
  const { url } = exchange;
  if (url.pathname.startsWith('/account/')) return answerBlob(exchange);
  const asked = requestSchema.parse(JSON.parse((await exchange.body()).toString()));
  switch (url.pathname.slice(SERVICE.length)) {
    case 'GetCacheEntryDownloadURL':
      return lookUp(exchange, asked);
    case 'CreateCacheEntry':
      return reserve(exchange, asked);
    case 'FinalizeCacheEntryUpload':
      return commit(exchange, asked);
    default:
      return exchange.json(404, { code: 'bad_route', msg: url.pathname });
  }
}

type Asked = z.infer<typeof requestSchema>;

async function lookUp(exchange: CacheExchange, { key, restore_keys: others, version }: Asked): Promise<void> {
  const { entries, origin } = exchange;
  const begun = await exchange.begin('lookup', key);
  if (begun === undefined) return;
  const { fault } = begun;
  if (fault !== undefined && 'deny' in fault) {
    return exchange.json(403, { code: 'permission_denied', msg: 'cache read denied: no readable scopes' });
  }
  const found =
    fault !== undefined && 'answerWith' in fault
      ? entries.all().findLast(fault.answerWith)
      : entries.find([key, ...others], version);
  if (found === undefined) return exchange.json(200, { ok: false, signed_download_url: '', matched_key: '' });
  const address = `${origin}/download/${found.id}?sig=signature-of-${found.id}`;
  exchange.json(200, { ok: true, signed_download_url: address, matched_key: found.key });
  if (fault !== undefined && 'evictAfterwards' in fault) entries.evict((entry) => entry === found);
}

async function reserve(exchange: CacheExchange, { key, version }: Asked): Promise<void> {
  const begun = await exchange.begin('reserve', key);
  if (begun === undefined) return;
  if (begun.fault !== undefined && 'deny' in begun.fault) {
    return exchange.json(200, { ok: false, message: 'cache write denied: the token is read-only' });
  }
  const id = exchange.entries.reserve(key, version);
  if (id === undefined) {
    return exchange.json(409, { code: 'already_exists', msg: 'cache entry with the same key exists' });
  }
  const address = `${exchange.origin}/account/cache/${id}?sig=signature-of-${id}`;
  exchange.json(200, { ok: true, signed_upload_url: address });
}

async function answerBlob(exchange: CacheExchange): Promise<void> {
  const { url, entries } = exchange;
  const upload = entries.upload(Number(url.pathname.split('/').at(-1)));
  if ((await exchange.begin('upload', upload?.key ?? '')) === undefined) return;
  const body = await exchange.body();
  if (upload === undefined) return exchange.empty(404);
  const comp = url.searchParams.get('comp');
  if (comp === 'blocklist') {
    const ids = [...body.toString().matchAll(/<(?:Latest|Uncommitted)>([^<]+)</g)].map(([, id = '']) => id);
    upload.blocks.set('', Buffer.concat(ids.map((id) => upload.blocks.get(id) ?? Buffer.alloc(0))));
  } else {
    upload.blocks.set(comp === 'block' ? (url.searchParams.get('blockid') ?? '?') : '', body);
  }
  exchange.empty(201, {
    etag: '"0x1"',
    'last-modified': 'Mon, 02 Nov 2026 00:00:00 GMT',
    'x-ms-request-id': 'request',
    'x-ms-version': '2024-11-04',
    'x-ms-request-server-encrypted': 'true',
  });
}

async function commit(exchange: CacheExchange, { key, version, size_bytes: size }: Asked): Promise<void> {
  if ((await exchange.begin('commit', key)) === undefined) return;
  const upload = exchange.entries.pending(key, version);
  const bytes = upload?.blocks.get('');
  if (upload === undefined || bytes === undefined || bytes.length !== size) {
    return exchange.json(200, { ok: false, message: `${bytes?.length ?? 'no'} bytes instead of ${size}` });
  }
  exchange.entries.commit(upload.id, bytes);
  exchange.json(200, { ok: true, entry_id: String(upload.id) });
}
