import { createHash, type Hash } from 'node:crypto';
import { LOCK_FILE, SUMS_FILE } from '../../bundle/index.ts';
import { MAX_LOCK_BYTES } from '../../lock/index.ts';
import { OciSaveError } from '../../errors.ts';
import { MAX_MANIFEST_BYTES } from '../../oci/manifest.ts';
import type { Digest } from '../../oci/digest.ts';
import { TABLES } from './tables.ts';

/** What one path of a bundle is, as it was read. */
export type Seen =
  | { readonly kind: 'file'; readonly size: number; readonly digest: Digest }
  /** A second name of an earlier file in an archive. */
  | { readonly kind: 'link'; readonly to: string }
  /** What is no regular file, or cannot be read. */
  | { readonly kind: 'fault'; readonly reason: string; readonly isLink?: boolean };

/** A part of an archive whose bytes are not those that its list names. */
export interface PartFault {
  readonly name: string;
  readonly reason: string;
}

/** A whole bundle as it was read: every file hashed, and the bytes of those that say what the others mean. */
export interface Observed {
  readonly entries: ReadonlyMap<string, Seen>;
  readonly kept: ReadonlyMap<string, Uint8Array>;
  /** Whether it is an archive, where no server can have written. */
  readonly isArchive: boolean;
  readonly parts: readonly PartFault[];
  /** What is wrong with an archive apart from the bytes of its files: a damaged header, a cut. */
  readonly broken: string | undefined;
  /** Bytes that were hashed. */
  readonly bytes: number;
}

/** Files that are kept up to this size whatever they hold. */
const INDEXES = new Set(['index.json', 'manifest.json', 'oci-layout']);
const MAX_INDEX_BYTES = 64 * 1024 * 1024;
/** Manifests of 10,000 images together are some 100 MB. */
const MAX_KEPT_BYTES = 512 * 1024 * 1024;

/** Collects what is read of a bundle. */
export interface Observer {
  /** Hashes a file's bytes as they come, and keeps those that are needed. */
  file(path: string, size: number, body: AsyncIterable<Uint8Array>): Promise<void>;
  other(path: string, seen: Seen): void;
  readonly entries: Map<string, Seen>;
  readonly kept: Map<string, Uint8Array>;
  bytes(): number;
}

/** The files that say what belongs to a bundle are kept up to this size. */
const LARGE: ReadonlyMap<string, number> = new Map([
  [LOCK_FILE, MAX_LOCK_BYTES],
  [SUMS_FILE, MAX_LOCK_BYTES],
  ...TABLES.map((path) => [path, MAX_LOCK_BYTES] as const),
]);

/** @param onBytes called with the number of bytes as they are hashed */
export function createObserver(onBytes: (count: number) => void): Observer {
  const entries = new Map<string, Seen>();
  const kept = new Map<string, Uint8Array>();
  let total = 0;
  let keptBytes = 0;
  const keep = (path: string, pieces: readonly Uint8Array[]): void => {
    const bytes = Buffer.concat(pieces);
    if (!isNeeded(path, bytes)) return;
    keptBytes += bytes.length;
    if (keptBytes > MAX_KEPT_BYTES) {
      throw new OciSaveError({
        code: 'unsupported',
        message: `its manifests have more than ${MAX_KEPT_BYTES / 2 ** 20} MiB together`,
      });
    }
    kept.set(path, bytes);
  };
  return {
    entries,
    kept,
    bytes: () => total,
    other: (path, seen) => void entries.set(path, seen),
    async file(path, size, body) {
      const hash: Hash = createHash('sha256');
      const name = path.slice(path.lastIndexOf('/') + 1);
      const most = LARGE.get(path) ?? (INDEXES.has(name) ? MAX_INDEX_BYTES : MAX_MANIFEST_BYTES);
      let pieces: Uint8Array[] | undefined = size <= most ? [] : undefined;
      let read = 0;
      for await (const chunk of body) {
        hash.update(chunk);
        read += chunk.length;
        total += chunk.length;
        onBytes(chunk.length);
        // Layers do not begin like JSON.
        if (read === chunk.length && chunk[0] !== 0x7b && !LARGE.has(path) && !INDEXES.has(name))
          pieces = undefined;
        pieces?.push(chunk);
        if (read > most) pieces = undefined;
      }
      entries.set(path, { kind: 'file', size: read, digest: `sha256:${hash.digest('hex')}` });
      if (pieces !== undefined) keep(path, pieces);
    },
  };
}

/** Of the blobs, manifests alone: image-spec, manifest.md and image-index.md, ask each for its `schemaVersion`. */
function isNeeded(path: string, bytes: Buffer): boolean {
  return !/(?:^|\/)blobs\//.test(path) || bytes.includes('"schemaVersion"');
}
