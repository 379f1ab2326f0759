/** How a release service is called. It stands alone: the client behind it is no part of our declarations. */
export interface ServiceOptions {
  /** Attempts after the first one. */
  readonly retries: number;
  readonly signal?: AbortSignal | undefined;
  /** Silence in the midst of a file after which it counts as cut; a minute where it is left out. */
  readonly stallMilliseconds?: number | undefined;
  readonly onWait: (milliseconds: number) => void;
}
