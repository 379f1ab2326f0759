import type { OciSaveError } from '../../errors.ts';

/** A hundred releases of some hundred files each: what is larger is no page of answers. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** Asked for with this, an answer is the bytes of a file, which the caller bounds. */
export const BYTES = 'application/octet-stream';

export interface FetchBounds {
  /** The most of an answer in JSON. */
  readonly maxBytes?: number | undefined;
  /** Until the head of an answer to who asks for bytes; others bring a deadline for all of it. */
  readonly headMilliseconds: number;
  readonly tooLarge: () => OciSaveError;
}

/**
 * fetch for a client that reads whatever comes, to the end, and takes an answer that breaks off for an empty one: here
 * answers are read under a bound, and one that breaks off fails.
 */
export function boundedFetch({
  maxBytes = MAX_ANSWER_BYTES,
  headMilliseconds,
  tooLarge,
}: FetchBounds): typeof fetch {
  return async (address, init = {}) => {
    if (new Headers(init.headers).get('accept') === BYTES) return fetchBytes(address, init, headMilliseconds);
    const response = await fetch(address, init);
    const { body, status, headers } = response;
    if (body === null) return response;
    const bytes = await new Response(body.pipeThrough(atMost(maxBytes, tooLarge))).arrayBuffer();
    return new Response(bytes, { status, headers });
  };
}

function atMost(most: number, tooLarge: () => OciSaveError): TransformStream<Uint8Array, Uint8Array> {
  let received = 0;
  return new TransformStream({
    transform(chunk, controller) {
      received += chunk.length;
      if (received > most) throw tooLarge();
      controller.enqueue(chunk);
    },
  });
}

async function fetchBytes(
  address: string | URL | Request,
  init: RequestInit,
  milliseconds: number,
): Promise<Response> {
  const deadline = new AbortController();
  const timer = setTimeout(
    () => deadline.abort(new DOMException('no answer in time', 'TimeoutError')),
    milliseconds,
  );
  const signals = [deadline.signal, ...(init.signal ? [init.signal] : [])];
  try {
    return await fetch(address, { ...init, signal: AbortSignal.any(signals) });
  } finally {
    clearTimeout(timer);
  }
}
