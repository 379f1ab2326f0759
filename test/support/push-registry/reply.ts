export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
  /** The body does not come, and the connection ends. */
  readonly breaks?: boolean;
}

/** An error as distribution-spec has it. */
export const failed = (status: number, code: string, message = code.toLowerCase()): Reply => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ errors: [{ code, message }] }),
});
