/**
 * The progress of a run. Stages emit events, the front ends render them: a live view on a terminal, plain lines
 * elsewhere. Bytes are bytes on disk; times are left to the receiver.
 */
export type SaveEvent =
  | {
      readonly type: 'stage';
      readonly stage: Stage;
      readonly total?: number | undefined;
      /** How many bytes it will move, where that is known. */
      readonly bytes?: number | undefined;
    }
  /** One of the stage's `total` is done; a copied image has what was fetched and what was stored, a file what was sent. */
  | {
      readonly type: 'step';
      readonly stage: Stage;
      readonly subject: string;
      readonly outcome: Outcome;
      /** The lines of the lists that name an image that failed. */
      readonly origins?: readonly EventOrigin[] | undefined;
      readonly fetched?: ByteCount | undefined;
      readonly stored?: ByteCount | undefined;
    }
  /** What will be fetched, once it is planned. */
  | {
      readonly type: 'plan';
      readonly fetch: ByteCount;
      /** What was here before the run. */
      readonly stored: ByteCount;
      /** What the cache gave in this run. */
      readonly restored?: ByteCount | undefined;
      /** What has been fetched before, to resolve the images. */
      readonly fetched?: ByteCount | undefined;
      readonly images: number;
    }
  /** More bytes arrived; negative where an attempt was discarded. */
  | { readonly type: 'bytes'; readonly stage: Stage; readonly delta: number }
  | {
      readonly type: 'log';
      readonly level: LogLevel;
      /** What happened. Where it concerns an image, front ends put the image and its lines before it. */
      readonly message: string;
      readonly image?: string | undefined;
      /** The lines of the lists that name the image. */
      readonly origins?: readonly EventOrigin[] | undefined;
    };

/** A line of a list. */
export interface EventOrigin {
  readonly file: string;
  readonly line: number;
}

export type Stage =
  | 'list'
  | 'resolve'
  | 'restore'
  | 'copy'
  | 'bundle'
  | 'archive'
  | 'measure'
  | 'push'
  /** A dry run: what a push would do. */
  | 'compare'
  | 'cache'
  | 'release'
  | 'verify';
/** Of a push, `stored` means that the target had it, and `kept` that the name already existed there and was left. */
export type Outcome =
  | 'fetched'
  | 'partly stored'
  | 'stored'
  | 'pushed'
  | 'to push'
  | 'kept'
  | 'sent'
  | 'done'
  | 'failed';
export type LogLevel = 'debug' | 'info' | 'warning' | 'error';

export interface ByteCount {
  readonly blobs: number;
  readonly bytes: number;
}

export type Emit = (event: SaveEvent) => void;
