import { lookout } from '../lookout.ts';
import { type RegistryRequest, type RequestFilter, selectRequests } from '../registry-request.ts';

/** One request. It stands in the log from its arrival; `status`, `bytes` and `ended` come with its answer. */
export interface BadRequest extends RegistryRequest {
  /** Which of the two ports was asked. */
  readonly port: 'first' | 'second';
  /** Whether Authorization came; its value is never logged. */
  readonly authorization: boolean;
  readonly range: string | undefined;
  /** Milliseconds since the registry's start. */
  readonly began: number;
  readonly ended: number | undefined;
}

export interface BadLog {
  /** Every request so far, those under way with status 0. */
  readonly requests: (filter?: RequestFilter) => BadRequest[];
  /** Resolves with the first request, past or to come, that fits: when it was answered, or with `arrival` at once. */
  readonly request: (filter: RequestFilter, at?: 'arrival' | 'end') => Promise<BadRequest>;
  /** Resolves when so many requests have arrived since the last `clear`. */
  readonly arrivals: (count: number) => Promise<void>;
  readonly clear: () => void;
}

export type OpenRequest = { -readonly [Key in keyof BadRequest]: BadRequest[Key] };

export interface WritableLog extends BadLog {
  open(entry: Omit<BadRequest, 'status' | 'bytes' | 'began' | 'ended'>): OpenRequest;
  end(entry: OpenRequest, status: number): void;
}

export function badLog(): WritableLog {
  const start = performance.now();
  const entries: OpenRequest[] = [];
  const { wake, see } = lookout();
  return {
    open: (given) => {
      const entry = { ...given, status: 0, bytes: 0, began: performance.now() - start, ended: undefined };
      entries.push(entry);
      wake();
      return entry;
    },
    end: (entry, status) => {
      entry.status = status;
      entry.ended = performance.now() - start;
      wake();
    },
    requests: (filter = {}) => selectRequests(entries, filter),
    request: (filter, at = 'end') =>
      see(() => selectRequests(entries, filter).find(({ ended }) => at === 'arrival' || ended !== undefined)),
    arrivals: async (count) => void (await see(() => (entries.length >= count ? true : undefined))),
    clear: () => void entries.splice(0),
  };
}
