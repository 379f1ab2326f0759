/** One request as a registry's access log, the proxy or the bad registry saw it. */
export interface RegistryRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly status: number;
  readonly userAgent: string;
  /** Bytes of the answer's body. */
  readonly bytes: number;
}

export type RequestKind =
  | 'ping'
  | 'manifest'
  | 'blob'
  | 'upload'
  | 'tags'
  | 'referrers'
  | 'catalog'
  | 'token'
  | 'other';

export interface RequestSubject {
  readonly kind: RequestKind;
  readonly repository?: string | undefined;
  /** A manifest's tag or digest, a blob's digest, a referrers request's subject. */
  readonly reference?: string | undefined;
}

const NOUNS: Record<string, RequestKind> = { manifests: 'manifest', blobs: 'blob', referrers: 'referrers' };
const OF_REPOSITORY = /^\/v2\/(.+)\/(manifests|blobs|tags|referrers)\/([^?]*)/;

/** What a path asks for, in distribution-spec's terms. */
export function subjectOf(path: string): RequestSubject {
  if (/^\/v2\/?(\?|$)/.test(path)) return { kind: 'ping' };
  if (path.startsWith('/v2/_catalog')) return { kind: 'catalog' };
  if (path.startsWith('/token')) return { kind: 'token' };
  const [, repository, noun, reference = ''] = OF_REPOSITORY.exec(path) ?? [];
  if (noun === undefined) return { kind: 'other' };
  if (noun === 'tags') return { kind: 'tags', repository };
  if (noun === 'blobs' && reference.startsWith('uploads')) return { kind: 'upload', repository };
  return { kind: NOUNS[noun] ?? 'other', repository, reference };
}

/** Whether skopeo or podman asked, not our own client. */
export function isSkopeo({ userAgent }: RegistryRequest): boolean {
  return userAgent.startsWith('skopeo/') || userAgent.startsWith('containers/');
}

export interface RequestFilter extends Partial<RequestSubject> {
  readonly method?: string;
  readonly status?: number;
  /** True: skopeo's requests alone; false: all others. */
  readonly skopeo?: boolean;
}

/** The requests that fit every field that the filter has. */
export function selectRequests<T extends RegistryRequest>(
  requests: readonly T[],
  filter: RequestFilter,
): T[] {
  const { method, status, skopeo, ...wanted } = filter;
  return requests.filter((request) => {
    const subject = subjectOf(request.path);
    return (
      (method === undefined || request.method === method) &&
      (status === undefined || request.status === status) &&
      (skopeo === undefined || isSkopeo(request) === skopeo) &&
      (wanted.kind === undefined || subject.kind === wanted.kind) &&
      (wanted.repository === undefined || subject.repository === wanted.repository) &&
      (wanted.reference === undefined || subject.reference === wanted.reference)
    );
  });
}

/** Counts by method and kind, `HEAD manifest`: short enough to compare as a whole. */
export function tally(requests: readonly RegistryRequest[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { method, path } of requests) {
    const key = `${method} ${subjectOf(path).kind}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}
