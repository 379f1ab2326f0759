/** What a run did with the cache: a section of the report. */
export interface CacheReport {
  readonly mode: 'read-write' | 'read' | 'write';
  /** Why the cache was not used. */
  readonly unavailable?: string;
  /** What came from it, in blobs and bytes. */
  readonly restored: Amount;
  readonly saved: Amount & { readonly packs: number };
  /** What was left out, since it was fetched with credentials and others may read the cache. */
  readonly withheld: Amount & { readonly images: number };
  /** What the cache has of this list now. */
  readonly entries: number;
  readonly bytes: number;
  /** What went wrong: it cost time, nothing else. */
  readonly troubles: readonly string[];
}

export interface Amount {
  readonly blobs: number;
  readonly bytes: number;
}
