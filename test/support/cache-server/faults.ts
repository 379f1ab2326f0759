import type { IncomingHttpHeaders } from 'node:http';
import type { CacheEntry } from './entries.ts';

/** What a request is for. */
export type CacheCall = 'lookup' | 'reserve' | 'upload' | 'commit' | 'download';

/** What goes wrong with one call. */
export type CacheFault =
  /** Answers with this status. */
  | {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly message?: string;
    }
  /** Sends so many bytes of the body, then hangs up. */
  | { readonly cutAfter: number }
  /** Sends so many bytes of the body, then nothing, until the client goes or `release` is called. */
  | { readonly holdAfter: number }
  /** Says no in the way of its protocol. */
  | { readonly deny: 'read' | 'write' }
  /** Answers a look-up with the newest entry that this takes, whatever was asked for. */
  | { readonly answerWith: (entry: CacheEntry) => boolean }
  /** Answers a look-up, and has thrown the entry out when it is fetched. */
  | { readonly evictAfterwards: true };

export interface CacheRule {
  readonly on: CacheCall;
  /** For entries whose key contains this alone. */
  readonly key?: string;
  /** How many calls it hits; all, without it. */
  readonly times?: number;
  readonly fault: CacheFault;
}

export interface LoggedCall {
  readonly call: CacheCall;
  readonly key: string;
  readonly headers: IncomingHttpHeaders;
  status: number;
  /** Bytes of bodies, in and out. */
  received: number;
  sent: number;
}

/** The fault for a call, if there is one; each counts its hits. */
export function createPicker(
  rules: readonly CacheRule[],
): (call: CacheCall, key: string) => CacheFault | undefined {
  const left = new Map(rules.map((rule) => [rule, rule.times ?? Infinity]));
  return (call, key) => {
    for (const rule of rules) {
      if (rule.on !== call || !key.includes(rule.key ?? '')) continue;
      const times = left.get(rule) ?? 0;
      if (times <= 0) continue;
      left.set(rule, times - 1);
      return rule.fault;
    }
    return undefined;
  };
}
