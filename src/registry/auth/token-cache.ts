import type { Token } from './token.ts';

/** Tokens by key; parallel requests for one share a single fetch. */
export interface TokenCache {
  /**
   * The key's token: kept until its renewal is due, or until it is `refused`. A refused token that another
   * request has renewed meanwhile is not renewed twice. Failures are not kept.
   */
  get(key: string, fetch: () => Promise<Token>, refused?: string): Promise<string>;
}

interface Entry {
  readonly token: Promise<Token>;
  /** Undefined while the fetch is under way. */
  value?: string;
  renewAt: number;
}

/** `now` is a clock in milliseconds that never goes back. */
export function createTokenCache(now: () => number = () => performance.now()): TokenCache {
  const entries = new Map<string, Entry>();
  const usable = (key: string, refused?: string): Entry | undefined => {
    const entry = entries.get(key);
    if (!entry || now() >= entry.renewAt) return undefined;
    return entry.value !== undefined && entry.value === refused ? undefined : entry;
  };
  const begin = (key: string, fetch: () => Promise<Token>): Entry => {
    // The service counts from when it answers, we from when we ask: the error is on the safe side.
    const asked = now();
    const entry: Entry = { token: fetch(), renewAt: Number.POSITIVE_INFINITY };
    entries.set(key, entry);
    entry.token.then(
      ({ value, lifetime }) => {
        entry.value = value;
        entry.renewAt = asked + lifetime;
      },
      () => entries.delete(key),
    );
    return entry;
  };
  return {
    async get(key, fetch, refused) {
      const { value } = await (usable(key, refused) ?? begin(key, fetch)).token;
      return value;
    },
  };
}
