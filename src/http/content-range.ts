export interface ContentRange {
  /** The first byte that comes. */
  readonly start: number;
  /** Bytes of the whole; undefined where the server does not tell. */
  readonly total: number | undefined;
}

/** Reads a Content-Range (RFC 9110, 14.4); undefined for what is none. */
export function parseContentRange(header: string | undefined): ContentRange | undefined {
  const [, start, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(header?.trim() ?? '') ?? [];
  if (start === undefined) return undefined;
  return { start: Number(start), total: total === '*' ? undefined : Number(total) };
}
