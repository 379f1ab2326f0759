/** How a release service is called. It stands alone: the client behind it is no part of our declarations. */
export interface ServiceOptions {
  /** Attempts after the first one. */
  readonly retries: number;
  readonly signal?: AbortSignal | undefined;
  readonly onWait: (milliseconds: number) => void;
}
