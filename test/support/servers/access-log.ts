import { randomUUID } from 'node:crypto';
import { until } from '../deadline.ts';
import { call } from '../http.ts';
import { type RegistryRequest, type RequestFilter, selectRequests } from '../registry-request.ts';

const COMBINED = /^\S+ - \S+ \[[^\]]+\] "(\S+) (\S+) HTTP\/[\d.]+" (\d{3}) (\d+|-) "[^"]*" "([^"]*)"/;
/** Requests of our own, which are never counted. */
export const MARK = '/v2/?mark=';

/** One line of Apache's combined form; undefined for any other line. */
export function parseCombined(line: string): RegistryRequest | undefined {
  const match = COMBINED.exec(line);
  if (!match) return undefined;
  const [, method = '', path = '', status = '', bytes = '', userAgent = ''] = match;
  return { method, path, status: Number(status), userAgent, bytes: bytes === '-' ? 0 : Number(bytes) };
}

export interface AccessLog {
  /** Every request that was answered before this call, in the log's order. */
  requests(filter?: RequestFilter): Promise<RegistryRequest[]>;
  /** Forgets what was answered so far. */
  clear(): Promise<void>;
}

/**
 * Reads a registry's log lines. A server writes its line after the answer, through a pipe: so the log is asked for
 * only after a marked request of our own has appeared in it.
 */
export function accessLog(url: string, lines: readonly string[]): AccessLog {
  let from = 0;
  const settle = async (): Promise<number> => {
    const mark = `${MARK}${randomUUID()}`;
    await call(new URL(mark, url));
    return until('the access log', () => {
      const at = lines.findLastIndex((line) => line.includes(mark));
      return at < 0 ? undefined : at;
    });
  };
  return {
    requests: async (filter = {}) => {
      const end = await settle();
      const seen = lines.slice(from, end).flatMap((line) => parseCombined(line) ?? []);
      return selectRequests(
        seen.filter(({ path }) => !path.startsWith(MARK)),
        filter,
      );
    },
    clear: async () => {
      from = (await settle()) + 1;
    },
  };
}
