import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { Entries } from './entries.ts';
import type { CacheCall, CacheFault, LoggedCall } from './faults.ts';

/** One request with all that answers need. */
export interface CacheExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  readonly origin: string;
  readonly entries: Entries;
  /** Books the call; a fault that is for any protocol is dealt with, and nothing is left to do. */
  begin(call: CacheCall, key: string): Promise<{ readonly fault: CacheFault | undefined } | undefined>;
  body(): Promise<Buffer>;
  json(status: number, value: unknown): void;
  empty(status: number, headers?: Readonly<Record<string, string>>): void;
  bytes(status: number, bytes: Buffer, headers: Readonly<Record<string, string>>): Promise<void>;
}

export interface ExchangeParts {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly origin: string;
  readonly entries: Entries;
  readonly pick: (call: CacheCall, key: string) => CacheFault | undefined;
  readonly log: LoggedCall[];
  readonly released: Promise<void>;
}

export function createCacheExchange(parts: ExchangeParts): CacheExchange {
  const { request, response, origin, entries, pick, log, released } = parts;
  let logged: LoggedCall | undefined;
  let fault: CacheFault | undefined;
  let read: Promise<Buffer> | undefined;
  const note = (status: number, sent: number): void => {
    if (logged) Object.assign(logged, { status, sent: logged.sent + sent });
  };
  const body = (): Promise<Buffer> =>
    (read ??= buffer(request).then((bytes) => {
      if (logged) logged.received += bytes.length;
      return bytes;
    }));
  const json = (status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): void => {
    const text = JSON.stringify(value);
    note(status, text.length);
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text);
  };
  return {
    request,
    response,
    origin,
    entries,
    url: new URL(request.url ?? '/', origin),
    async begin(call, key) {
      logged = { call, key, headers: request.headers, status: 0, received: 0, sent: 0 };
      log.push(logged);
      fault = pick(call, key);
      // An answer without a body of its own is held as a whole.
      if (fault !== undefined && 'holdAfter' in fault && call !== 'download') {
        await body();
        await Promise.race([released, once(response, 'close')]);
        return response.closed ? undefined : { fault };
      }
      if (fault === undefined || !('status' in fault)) return { fault };
      await body();
      const { status, headers, message = 'injected' } = fault;
      json(status, { code: 'injected', msg: message, message }, headers);
      return undefined;
    },
    body,
    json,
    empty(status, headers = {}) {
      note(status, 0);
      response.writeHead(status, { 'content-length': '0', ...headers }).end();
    },
    async bytes(status, all, headers) {
      response.writeHead(status, { 'content-length': String(all.length), ...headers });
      const cut =
        fault === undefined
          ? undefined
          : 'cutAfter' in fault
            ? fault.cutAfter
            : 'holdAfter' in fault
              ? fault.holdAfter
              : undefined;
      if (cut === undefined) {
        note(status, all.length);
        response.end(all);
        return;
      }
      note(status, Math.min(cut, all.length));
      await new Promise<void>((resolve) => void response.write(all.subarray(0, cut), () => resolve()));
      if (fault !== undefined && 'holdAfter' in fault)
        await Promise.race([released, once(response, 'close')]);
      response.destroy();
    },
  };
}
