import type { Emit } from '../events.ts';
import type { Store } from '../store/index.ts';

/**
 * A cache of named, immutable entries on another machine: each a folder of files. Its content is untrusted: the reader
 * hashes it. Its failures are not thrown: they are results, and the run continues.
 */
export interface RemoteCache {
  /** Why it cannot be used at all; undefined where it can be tried. */
  readonly unavailable: string | undefined;
  /** Whether this job may read and write it, as far as the machine says beforehand. */
  readonly readable: boolean;
  readonly writable: boolean;
  /** Reads one entry's files as they stream in. */
  read(request: ReadRequest): Promise<ReadOutcome>;
  /** Saves an entry; an existing one stays as it is. */
  save(entry: NewEntry): Promise<SaveOutcome>;
  /** Removes its files from this machine. Calls that have not ended fail. */
  close(): Promise<void>;
}

export interface ReadRequest {
  /** The whole key, or its beginning. */
  readonly key: string;
  /** `newest` takes the newest entry whose key begins so. */
  readonly match: 'exact' | 'newest';
  /** The folder of the entry's files: relative, with slashes, a part of the entry's identity. */
  readonly folder: string;
  /** Bytes that the files may have together. */
  readonly maxBytes: number;
  /** Called with the entry's whole key before its first file. Where it returns false, nothing of the entry is read. */
  readonly accepts?: (key: string) => boolean;
  /** Called with each file at `folder/<64 hex digits>`, one after the other. An error that it throws ends the reading. */
  readonly take: (file: IncomingFile) => Promise<Taken>;
  readonly onBytes?: ((delta: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface IncomingFile {
  /** 64 hex digits. */
  readonly name: string;
  readonly size: number;
  /** It must be read whole, or not at all. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** What was done with a file: `taken` was read; `enough` was read, and no other one is needed. */
export type Taken = 'taken' | 'skipped' | 'refused' | 'enough';

export interface NewEntry {
  readonly key: string;
  readonly folder: string;
  readonly files: readonly NewFile[];
  /** Bytes of the disk that the run itself may still need. */
  readonly leaveFree: number;
}

export interface NewFile extends Pick<IncomingFile, 'name' | 'size'> {
  /** The path of its bytes. */
  readonly file: string;
}

/** Why a call did not work. Reasons are one line each, fit to be shown. */
export interface Trouble {
  readonly kind: 'denied' | 'unavailable' | 'failed';
  readonly reason: string;
}

/**
 * `refused` counts the files that such an entry must not have. `damaged`: its archive cannot be unpacked, and never will
 * be. `broken`: reading it failed, and may work another time. Some of its files may have come before, in both.
 */
export type ReadOutcome =
  | { readonly kind: 'hit'; readonly key: string; readonly refused: number }
  | {
      readonly kind: 'damaged' | 'broken';
      readonly key: string;
      readonly refused: number;
      readonly reason: string;
    }
  | { readonly kind: 'miss' }
  | Trouble;

/** `exists`: it is there, or another job is saving it. `limited`: neither this entry nor another one can be saved now. */
export type SaveOutcome =
  | { readonly kind: 'saved' }
  | { readonly kind: 'exists' }
  | { readonly kind: 'limited'; readonly reason: string }
  | Trouble;

/** What the parts of a session share. */
export interface CacheContext {
  readonly cache: RemoteCache;
  readonly store: Store;
  readonly emit: Emit;
  readonly signal: AbortSignal | undefined;
  /** Called with what went wrong, as one line: it is shown, and is in the report. */
  readonly trouble: (message: string) => void;
}
