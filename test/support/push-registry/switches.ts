/** How a registry takes what is pushed. Everything else is as distribution-spec says. */
export interface PushSwitches {
  /** Repositories that do not exist: 404 NAME_UNKNOWN for whatever is to be written there. */
  readonly missing?: (repository: string) => boolean;
  /** 401 for names with more parts. */
  readonly maxDepth?: number;
  /** 405 for all that writes. */
  readonly readOnly?: boolean;
  /** 413, as a page, for a body of more bytes. */
  readonly maxBody?: number;
  /** The first `times` bodies of blobs are cut after so many bytes; `keeps`: what has come stays, else the upload is gone. */
  readonly cut?: { readonly times: number; readonly after: number; readonly keeps: boolean };
  /** The answer to an upload's end is not sent, the first `times`; the blob is there. */
  readonly mute?: { readonly times: number };
  /** The first `times` uploads end as if other bytes had come: 400 DIGEST_INVALID. */
  readonly spoil?: { readonly times: number };
  /** The first `times` requests that go on with an upload find it unknown. */
  readonly forget?: { readonly times: number };
  /** 500 for two uploads of one digest whose bytes come at the same time. */
  readonly oneUpload?: boolean;
  /** 409 for a tag that has another digest. */
  readonly immutable?: boolean;
  /** False: 415 for Docker's types. */
  readonly docker?: boolean;
  /** Which absent children of an index pass: none, all, or those that are not linux/amd64. */
  readonly sparse?: 'none' | 'all' | 'listed';
  /** False: 202 for every mount. A status: that one, without an upload. */
  readonly mount?: boolean | number;
  /** Where uploads go on: at a path, at this origin, at the same host by plain http, at another origin. */
  readonly location?: 'relative' | 'absolute' | { readonly origin: string };
  /** Statuses for the first requests of a method and path. */
  readonly faults?: readonly {
    readonly method: string;
    readonly path: RegExp;
    readonly times: number;
    readonly status: number;
    readonly headers?: Readonly<Record<string, string>>;
  }[];
  /** Refuses all requests without this Authorization, by Basic. */
  readonly authorization?: string;
  /** Deletes are answered 405. */
  readonly deletes?: boolean;
  /** The digest that PUT of a manifest is answered with. */
  readonly calls?: string;
}
