import type { Emit } from '../events.ts';
import type { Store } from '../store/index.ts';

/**
 * A cache of named, immutable entries on another machine: each a folder of files. Nothing that comes from it is
 * believed: whoever reads hashes. Nothing that goes wrong in it is thrown: it is a result, and a run goes on.
 */
export interface RemoteCache {
  /** Why it cannot be used at all; undefined where it can be tried. */
  readonly unavailable: string | undefined;
  /** Whether it may be read, and written, by this job, as far as the machine says beforehand. */
  readonly readable: boolean;
  readonly writable: boolean;
  /** Reads one entry's files as they stream in. */
  read(request: ReadRequest): Promise<ReadOutcome>;
  /** Saves an entry; one that is there stays as it is. */
  save(entry: NewEntry): Promise<SaveOutcome>;
  /** Removes what it has put anywhere on this machine. What is under way fails. */
  close(): Promise<void>;
}

export interface ReadRequest {
  /** The whole key, or its beginning. */
  readonly key: string;
  /** `newest` takes the newest entry whose key begins so. */
  readonly match: 'exact' | 'newest';
  /** Where the entry's files lie: relative, with slashes, a part of the entry's identity. */
  readonly folder: string;
  /** Bytes that the files may have together. */
  readonly maxBytes: number;
  /**
   * Told the entry's whole key before its first file.
   *
   * @returns false where it is not wanted: then nothing of it is read
   */
  readonly accepts?: (key: string) => boolean;
  /**
   * Given every file whose path is `folder/<64 hex digits>`, one after the other. An error that it throws ends the
   * reading.
   */
  readonly take: (file: IncomingFile) => Promise<Taken>;
  readonly onBytes?: ((delta: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface IncomingFile {
  /** 64 hex digits. */
  readonly name: string;
  readonly size: number;
  /** To be read whole, or not at all. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** What was done with a file: `taken` was read; `enough` was read, and no other is wanted. */
export type Taken = 'taken' | 'skipped' | 'refused' | 'enough';

export interface NewEntry {
  readonly key: string;
  readonly folder: string;
  readonly files: readonly NewFile[];
  /** Bytes of the disk that the run itself may still need. */
  readonly leaveFree: number;
}

export interface NewFile {
  /** 64 hex digits. */
  readonly name: string;
  readonly size: number;
  /** Where its bytes lie. */
  readonly file: string;
}

/** Why there is nothing. Reasons are one line each, fit to be shown. */
export type Trouble =
  | { readonly kind: 'denied'; readonly reason: string }
  | { readonly kind: 'unavailable'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string };

/** `partial`: some files came, and then `reason` ended it. `refused` files were none that may be in such an entry. */
export type ReadOutcome =
  | { readonly kind: 'hit'; readonly key: string; readonly refused: number }
  | { readonly kind: 'partial'; readonly key: string; readonly refused: number; readonly reason: string }
  | { readonly kind: 'miss' }
  | Trouble;

/** `exists`: it is there, or another job is saving it. `limited`: not now, and no further one either. */
export type SaveOutcome =
  | { readonly kind: 'saved' }
  | { readonly kind: 'exists' }
  | { readonly kind: 'limited'; readonly reason: string }
  | Trouble;

/** What the parts of a session work with. */
export interface CacheContext {
  readonly cache: RemoteCache;
  readonly store: Store;
  readonly emit: Emit;
  readonly signal: AbortSignal | undefined;
  /** Told what went wrong, as one line: it is shown, and stands in the report. */
  readonly trouble: (message: string) => void;
}
