import type { Digest } from '../oci/digest.ts';
import type { PushedName } from '../report/index.ts';

/** How one name ended. */
export interface NameResult {
  readonly status: PushedName['status'];
  /** What the target has under the name now, where that is known. */
  readonly there?: Digest | undefined;
  readonly narrowed?: boolean | undefined;
  /** One error of several names is told once. */
  readonly error?: unknown;
}

/** Blobs and bytes of one target. */
export interface Traffic {
  sentBlobs: number;
  sentBytes: number;
  mountedBlobs: number;
  thereBlobs: number;
}

export function noTraffic(): Traffic {
  return { sentBlobs: 0, sentBytes: 0, mountedBlobs: 0, thereBlobs: 0 };
}
