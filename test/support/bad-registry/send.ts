import type { IncomingMessage, ServerResponse } from 'node:http';
import { once } from 'node:events';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { throttle } from '../throttle.ts';
import { type Answer, htmlAnswer } from './answer.ts';
import type { Failure } from './switches.ts';

const SLICE = 64 * 1024;
const FAST = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };

/** Sends an answer, wrongly where told so. `sent` hears of each byte of the body that went. */
export async function send(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
  failure: Failure | undefined,
  sent: (bytes: number) => void,
): Promise<void> {
  if (failure?.kind === 'status') {
    const body = new TextEncoder().encode(failure.body ?? '');
    return send(
      request,
      response,
      { status: failure.status, headers: failure.headers ?? {}, body },
      undefined,
      sent,
    );
  }
  if (failure?.kind === 'headers') {
    const told = { ...answer, headers: { ...answer.headers, ...failure.headers } };
    return send(request, response, told, undefined, sent);
  }
  if (failure?.kind === 'html') return send(request, response, htmlAnswer(200), undefined, sent);
  if (failure?.kind === 'encode') {
    return send(request, response, encoded(answer, failure), undefined, sent);
  }
  const { status, headers } = answer;
  const body = failure?.kind === 'flip' ? flipped(answer.body) : answer.body;
  const length = body.length + (failure?.kind === 'length' ? failure.by : 0);
  const sized = failure?.kind === 'endless' ? {} : { 'content-length': String(length) };
  response.writeHead(status, { ...headers, ...sized });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  if (failure?.kind === 'endless') return endless(response, sent);
  await sendBody(response, body, failure, sent);
}

async function sendBody(
  response: ServerResponse,
  body: Uint8Array,
  failure: Failure | undefined,
  sent: (bytes: number) => void,
): Promise<void> {
  const breaks = failure?.kind === 'cut' || failure?.kind === 'reset' || failure?.kind === 'stall';
  const short = failure?.kind === 'length' ? Math.min(0, failure.by) : 0;
  const stop = breaks ? Math.floor(body.length * failure.at) : body.length + short;
  const line = { bytesPerSecond: failure?.kind === 'rate' ? failure.bytesPerSecond : 0 };
  response.flushHeaders();
  await write(response, body.subarray(0, stop), line, sent);
  if (failure?.kind === 'reset') {
    // A reset throws away what has not left yet: an empty write tells when all has.
    await new Promise<void>((resolve) => response.socket?.write('', () => resolve()) ?? resolve());
    response.socket?.resetAndDestroy();
  } else if (failure?.kind === 'cut' || failure?.kind === 'length') {
    // Nothing but the end of the connection tells that no more comes.
    response.socket?.end();
  } else {
    if (failure?.kind === 'stall') {
      const gone = once(response, 'close');
      await Promise.race([failure.until ?? gone, gone]);
      await write(response, body.subarray(stop), line, sent);
    }
    response.end();
  }
}

async function write(
  response: ServerResponse,
  bytes: Uint8Array,
  line: { readonly bytesPerSecond: number },
  sent: (bytes: number) => void,
): Promise<void> {
  for await (const slice of throttle(line, sent)(slices(Buffer.from(bytes)))) {
    if (response.destroyed) return;
    await new Promise<void>((resolve) => response.write(slice, () => resolve()));
  }
}

async function* slices(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += SLICE) yield bytes.subarray(at, at + SLICE);
}

async function endless(response: ServerResponse, sent: (bytes: number) => void): Promise<void> {
  const line = Buffer.alloc(SLICE, ' ');
  while (!response.destroyed) await write(response, line, { bytesPerSecond: 0 }, sent);
}

/** As a proxy that compresses whatever passes, without a length. */
function encoded(answer: Answer, { encoding, as }: Extract<Failure, { kind: 'encode' }>): Answer {
  const headers = { ...answer.headers, 'content-encoding': encoding };
  if (as === 'only says') return { ...answer, headers };
  const body = as === 'bomb' ? Buffer.alloc(64 * 1024 * 1024) : answer.body;
  return { ...answer, headers, body: encoding === 'br' ? brotliCompressSync(body, FAST) : gzipSync(body) };
}

function flipped(bytes: Uint8Array): Uint8Array {
  const copy = Buffer.from(bytes);
  const middle = copy.length >> 1;
  copy.writeUInt8(copy.readUInt8(middle) ^ 1, middle);
  return copy;
}
