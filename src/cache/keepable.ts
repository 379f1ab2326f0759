import type { Digest, BlobSize } from '../oci/digest.ts';

/** The content of a run that may be saved to the cache. */
export interface Keepable {
  /** Large content, the blobs of one image side by side. */
  readonly blobs: readonly BlobSize[];
  /** Manifests and configs. */
  readonly contents: readonly Digest[];
  /** Tags that were asked for; `repository` is with its registry. */
  readonly tags: readonly { readonly repository: string; readonly tag: string }[];
  readonly withheld: CacheReport['withheld'];
  /** False where images failed: what they have in the cache stays there. */
  readonly whole: boolean;
}

/** What a run still has to do. */
export interface Outlook {
  /** Blobs that are still to come. */
  readonly missing: ReadonlySet<Digest>;
  /** Bytes of the disk that it will take. */
  readonly bytes: number;
}

/** What a run did with the cache: a section of the report. */
export interface CacheReport {
  readonly mode: 'read-write' | 'read' | 'write';
  /** Why the cache was not used. */
  readonly unavailable?: string;
  /** What came from it, in blobs and bytes. */
  readonly restored: Amount;
  readonly saved: Amount & { readonly packs: number };
  /** What is still on its way to it. */
  readonly saving?: Amount & { readonly packs: number };
  /** What was not saved, since it was fetched with credentials and others may read the cache. */
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
