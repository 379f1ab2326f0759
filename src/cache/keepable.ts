import type { Digest } from '../oci/digest.ts';
import type { BlobSize } from './packing.ts';
import type { CacheReport } from './report.ts';

/** What of a run may be kept. */
export interface Keepable {
  /** Large content, what belongs together side by side. */
  readonly blobs: readonly BlobSize[];
  /** Manifests and configs. */
  readonly contents: readonly Digest[];
  /** Tags that were asked for; `repository` is with its registry. */
  readonly tags: readonly { readonly repository: string; readonly tag: string }[];
  readonly withheld: CacheReport['withheld'];
  /** False where images failed: what they have in the cache stays there. */
  readonly whole: boolean;
}

/** What a run is going to do yet. */
export interface Outlook {
  /** Blobs that are still to come. */
  readonly missing: ReadonlySet<Digest>;
  /** Bytes of the disk that it will take. */
  readonly bytes: number;
}
