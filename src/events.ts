/**
 * What a run tells while it works. Stages emit, the report renders: a live view on a terminal, calm lines
 * elsewhere. Bytes are bytes on disk; times are the receiver's business.
 */
export type SaveEvent =
  | {
      readonly type: 'stage';
      readonly stage: Stage;
      readonly total?: number | undefined;
      /** How many bytes it will move, where that is known. */
      readonly bytes?: number | undefined;
    }
  /** One of the stage's `total` is done; a copied image says what it brought and what was here, a file what was sent. */
  | {
      readonly type: 'step';
      readonly stage: Stage;
      readonly subject: string;
      readonly outcome: Outcome;
      readonly fetched?: ByteCount | undefined;
      readonly stored?: ByteCount | undefined;
    }
  /** What is to be fetched, once the plan is made. */
  | { readonly type: 'plan'; readonly fetch: ByteCount; readonly stored: ByteCount; readonly images: number }
  /** More bytes arrived; negative where an attempt was thrown away. */
  | { readonly type: 'bytes'; readonly stage: Stage; readonly delta: number }
  | {
      readonly type: 'log';
      readonly level: LogLevel;
      readonly message: string;
      readonly image?: string | undefined;
    };

export type Stage =
  | 'list'
  | 'resolve'
  | 'restore'
  | 'copy'
  | 'bundle'
  | 'archive'
  | 'measure'
  | 'push'
  /** What a push would do: a dry run. */
  | 'compare'
  | 'cache'
  | 'release'
  | 'verify';
/** Of a push, `stored` is what the target had, and `kept` what it has under that name and was left. */
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
