import type { HttpRequest, HttpResponse, Lane } from '../http/index.ts';

/** What a registry says of the pulls that it still gives. */
export interface QuotaLeft {
  /** The host that said so. */
  readonly host: string;
  readonly remaining: number;
  readonly limit?: number | undefined;
  /** The seconds for which the limit counts. */
  readonly seconds?: number | undefined;
}

/** Requests for manifests, which registries count as pulls. */
export const PULLS: Lane = { name: 'GET manifest', hasQuota: true };

/** HEAD of manifests: no quota counts it (docs.docker.com, usage and limits), and none has to wait for the first. */
export const LOOKS: Lane = { name: 'HEAD manifest', hasQuota: false };

/** Keeps the last word of each host. */
export interface QuotasLeft {
  /** Notes what a response to a request of a lane says, and returns how many more pulls its host lets through. */
  note(
    response: Pick<HttpResponse, 'host' | 'headers'>,
    request: Pick<HttpRequest, 'lane'>,
  ): number | undefined;
  /** By host. */
  all(): QuotaLeft[];
}

export function createQuotasLeft(): QuotasLeft {
  const last = new Map<string, QuotaLeft>();
  return {
    note({ host, headers }, { lane }) {
      const left = headerOf(headers['ratelimit-remaining']);
      if (lane === undefined || left === undefined) return undefined;
      const limit = headerOf(headers['ratelimit-limit']);
      const seconds = left.seconds ?? limit?.seconds;
      const known = last.get(host);
      // Responses overtake each other: within one run a quota only falls, unless its time is over.
      const remaining = Math.min(left.count, known?.remaining ?? left.count);
      last.set(host, {
        host,
        remaining,
        ...(limit === undefined ? {} : { limit: limit.count }),
        ...(seconds === undefined ? {} : { seconds }),
      });
      return lane === PULLS ? left.count : undefined;
    },
    all: () => [...last.values()].toSorted((a, b) => (a.host < b.host ? -1 : 1)),
  };
}

/**
 * `76;w=21600`, as Docker Hub has it: a count, and the seconds in which it counts (draft-polli-ratelimit-headers). A count
 * alone may stand there too; anything else counts as absent.
 */
function headerOf(
  header: string | string[] | undefined,
): { count: number; seconds: number | undefined } | undefined {
  const [, count, seconds] = /^(\d{1,9})(?:\s*;\s*w=(\d{1,9}))?$/.exec(String(header ?? '').trim()) ?? [];
  if (count === undefined) return undefined;
  return { count: Number(count), seconds: seconds === undefined ? undefined : Number(seconds) };
}
