import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Larger content is hashed and forgotten. */
const KEPT_BYTES = 4 * 1024 * 1024;

export interface Received {
  readonly size: number;
  readonly sha256: string;
  /** Undefined where it is too large to be kept. */
  readonly bytes: Buffer | undefined;
}

/** Reads a body, or the first `upTo` bytes of it. */
export async function receive(request: IncomingMessage, upTo = Number.POSITIVE_INFINITY): Promise<Received> {
  const hash = createHash('sha256');
  const kept: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    hash.update(chunk);
    size += chunk.length;
    if (size <= KEPT_BYTES) kept.push(chunk);
    if (size >= upTo) break;
  }
  const bytes = size <= KEPT_BYTES ? Buffer.concat(kept) : undefined;
  return { size, sha256: hash.digest('hex'), bytes };
}
