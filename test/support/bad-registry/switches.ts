import type { Credentials } from '../http.ts';

/** What goes wrong with one answer. Shares are parts of the body, 0 to 1. */
export type Failure =
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    }
  /** The connection is closed (cut) or reset after a share of the body. */
  | { readonly kind: 'cut'; readonly at: number }
  | { readonly kind: 'reset'; readonly at: number }
  /** Silence after a share of the body, for ever or until the promise settles; then the rest. */
  | { readonly kind: 'stall'; readonly at: number; readonly until?: Promise<unknown> }
  | { readonly kind: 'rate'; readonly bytesPerSecond: number }
  /** 200 with a web page, as proxies and login pages answer. */
  | { readonly kind: 'html' }
  /** A body that never ends, without a length. */
  | { readonly kind: 'endless' }
  /** Content-Length says so many bytes more than come, or (negative) the body is whole at so many fewer. */
  | { readonly kind: 'length'; readonly by: number }
  /** Bytes of the right size and another digest. */
  | { readonly kind: 'flip' }
  /** The right bytes, under headers that say something else of them. */
  | { readonly kind: 'headers'; readonly headers: Readonly<Record<string, string>> }
  /** Compressed on its way, with a Content-Encoding, though identity is asked for; `only says` sends it as it is. */
  | { readonly kind: 'encode'; readonly encoding: string; readonly as?: 'only says' | 'bomb' };

/** The first `times` requests that match fail so, less those that pass before; then all is well. */
export interface Fault {
  /** Any method where absent. */
  readonly method?: string;
  /** Matched against the path with its query. */
  readonly path: RegExp;
  /** So many that match pass before. Default: none. */
  readonly after?: number;
  /** Default: always. */
  readonly times?: number;
  readonly failure: Failure;
}

export const MANIFESTS = /\/manifests\//;
export const BLOBS = /\/blobs\//;

export interface Redirect {
  readonly of: 'blobs' | 'manifests' | 'both';
  /** To the second port, or to another path of the same one (`relative`). */
  readonly location?: 'absolute' | 'relative';
  /** What the second port refuses: 400 to Authorization, 403 to HEAD. */
  readonly refuses?: 'authorization' | 'head';
}

export interface TokenSwitches {
  /** Seconds; 300 where absent. */
  readonly lifetime?: number;
  /** The answer's field that holds the token. */
  readonly field?: 'token' | 'access_token';
  /** False: the answer does not say how long it lasts. */
  readonly saysLifetime?: boolean;
  /** Every other token, the first one too, is never taken: as by a node that learns of it too late. */
  readonly unsettled?: boolean;
}

export interface AuthSwitches {
  readonly scheme: 'basic' | 'bearer' | 'both' | 'negotiate+basic';
  /** Challenges of several schemes in one header line instead of one a line. */
  readonly oneLine?: boolean;
  /** Who may read; asked anew for each request, so that passwords can change in mid-run. */
  readonly users: readonly Credentials[] | (() => readonly Credentials[]);
  /** Whether requests without credentials may read: a public registry. */
  readonly anonymous?: boolean;
  readonly token?: TokenSwitches;
  /** Every token and password is refused with a fresh challenge. */
  readonly loop?: boolean;
}

export interface BadSwitches {
  /** The status of every HEAD of a manifest. */
  readonly head?: number;
  /** The Docker-Content-Digest header: right, absent, or that of other bytes. */
  readonly digest?: 'right' | 'none' | 'other';
  /** Content-Type of manifests: this one, or their own with parameters after it. */
  readonly type?: { readonly value: string } | { readonly parameters: string };
  /** 404 unless all four index and manifest types are asked for. */
  readonly accept?: 'strict';
  readonly faults?: readonly Fault[];
  readonly redirect?: Redirect;
  readonly auth?: AuthSwitches;
  /** False: Range is passed over, and the whole blob comes with 200. */
  readonly ranges?: boolean;
  readonly tags?: {
    readonly pageSize?: number;
    readonly link?: 'relative' | 'absolute' | 'bare' | 'lostprefix' | 'loop';
    /** Names that are listed and do not exist. */
    readonly junk?: readonly string[];
  };
  /** `api` answers as the specification says; a status; `303` to a web page; `html` with 200. */
  readonly referrers?: 'api' | '303' | 'html' | number;
  /** Added to every answer: rate limits left, for instance. */
  readonly headers?: Readonly<Record<string, string>>;
}
