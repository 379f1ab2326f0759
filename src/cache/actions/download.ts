import { OciSaveError } from '../../errors.ts';
import { type Answer, boundedBody, networkError, parseContentRange } from '../../registry/index.ts';
import type { ServiceClient } from './client.ts';

const SUBJECT = 'an entry of the cache';
const ATTEMPTS = 4;

/**
 * An archive's bytes, from the first to the last, however often the connection is cut: each further attempt asks for
 * the rest. At most `maxBytes`.
 * @throws OciSaveError `network` where it cannot be had whole
 */
export async function* download(
  client: ServiceClient,
  url: URL,
  maxBytes: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  let received = 0;
  let total: number | undefined;
  for (let attempt = 1; ; attempt += 1) {
    const before = received;
    try {
      const part = await client.fetch(url, received, signal, (answer) => partOf(answer, received));
      total ??= part.total;
      if (part.total !== total) throw wrong('changed while it was read');
      let skip = received - part.start;
      const body = boundedBody(part.answer.body, {
        limit: maxBytes - part.start,
        stallMilliseconds: client.stallMilliseconds,
        signal,
        tooLong: () => wrong(`has more than the ${maxBytes} bytes that it may have`),
        broken: (cause) => networkError(SUBJECT, url.host, cause),
      });
      for await (const chunk of body) {
        if (!(chunk instanceof Uint8Array)) continue;
        const rest = chunk.subarray(Math.min(skip, chunk.length));
        skip -= chunk.length - rest.length;
        received += rest.length;
        if (rest.length > 0) yield rest;
      }
      if (total === undefined || received === total) return;
      throw networkError(SUBJECT, url.host, undefined);
    } catch (error) {
      signal?.throwIfAborted();
      const passing = error instanceof OciSaveError && error.code === 'network';
      // Whatever moved on may go on; what stands still is asked for a few times.
      if (received > before) attempt = 1;
      if (!passing || attempt >= ATTEMPTS) throw error;
    }
  }
}

interface Part {
  readonly answer: Answer;
  readonly start: number;
  readonly total: number | undefined;
}

async function partOf(answer: Answer, offset: number): Promise<Part> {
  const { status, headers } = answer;
  if (status === 200) {
    const length = headers['content-length'];
    return { answer, start: 0, total: length === undefined ? undefined : Number(length) };
  }
  const range = status === 206 ? parseContentRange(headers['content-range']) : undefined;
  if (range !== undefined && range.start === offset) return { answer, ...range };
  if (status === 206) {
    answer.discard();
    throw wrong('came as another part than was asked for');
  }
  const { words } = await answer.refusal();
  throw wrong(`was refused with ${status}${words === '' ? '' : ` (${words})`}`);
}

function wrong(what: string): OciSaveError {
  return new OciSaveError({ code: 'unsupported', message: `${SUBJECT} ${what}` });
}
