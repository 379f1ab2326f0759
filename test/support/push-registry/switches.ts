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
  /** False: 202 for every mount. A status: that one, without an upload. `empty`: 201, and nothing is there. */
  readonly mount?: boolean | number | 'empty';
  /** HEAD and GET of a blob look into all repositories; a manifest's blobs have to be in its own. */
  readonly onePool?: boolean;
  /** What is lost is taken, and stays lost. */
  readonly losesAgain?: boolean;
  /** Where uploads go on: at a path, at this origin, at the same host by plain http, at another origin. */
  readonly location?: 'relative' | 'absolute' | { readonly origin: string };
  /** Statuses for the first requests of a method and path. */
  readonly faults?: readonly {
    readonly method: string;
    readonly path: RegExp;
    readonly times: number;
    readonly status: number;
    /** A code of distribution-spec in the body. */
    readonly code?: string;
    readonly headers?: Readonly<Record<string, string>>;
  }[];
  /** Refuses all requests without this Authorization, by Basic. */
  readonly authorization?: string;
  /** How a request for a part of a blob is answered: by that part, by all of it, or by 416 as crane's registry does. */
  readonly ranges?: 206 | 200 | 416;
  /** Deletes are answered 405. */
  readonly deletes?: boolean;
  /** The digest that PUT of a manifest is answered with. */
  readonly calls?: string;
  /**
   * Bytes that a project, the first part of a path, may hold, and how more is refused. Harbor counts at the start of an
   * upload (nothing), a mount, the end of an upload and a manifest, each by what the project lacks
   * (goharbor/harbor, src/server/middleware/quota); Quay at the start (quay/quay, endpoints/v2/blob.py).
   */
  readonly quota?: { readonly bytes: Readonly<Record<string, number>>; readonly words: QuotaWords };
  /** Tags and digests that are not shown: 412 for HEAD and GET, as Harbor's policies do (middleware/vulnerable, contenttrust). */
  readonly blocked?: RegExp;
  /** A part with a range of more bytes is refused, with this status: ghcr.io's 416 above 4 MiB (wasmCloud/wash-archive#268). */
  readonly parts?: { readonly most: number; readonly status: 413 | 416; readonly words?: string | undefined };
  /** Told when an upload starts (distribution-spec, OCI-Chunk-Min-Length); smaller parts but the last one are refused. */
  readonly leastPart?: number;
  /** Told when an upload starts, as OCI-Chunk-Max-Length (cloudflare/serverless-registry). */
  readonly mostPart?: number;
  /** The status of an upload's end that has bytes; PATCH works. Artifactory: 404 (docker/buildx#196). */
  readonly putWithBytes?: number;
  /** For so long after a tag was put, it reads as before: not at all, or with its old digest (ghcr.io, Docker Hub, Nexus). */
  readonly lag?: { readonly now: () => number; readonly milliseconds: number };
  /** The first `times` that an index is put, its children without a tag were collected just before (quay/quay#7033). */
  readonly collects?: { readonly times: number };
  /** Somebody else puts the same under a tag just before, and it is immutable: 400, as ECR says it (aws/containers-roadmap#2380). */
  readonly overtaken?: RegExp;
}

export type QuotaWords = 'harbor' | 'quay' | 'artifactory' | 'full disk';
