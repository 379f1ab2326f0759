import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { OciSaveError } from '../../errors.ts';

export interface BodyLimits {
  /** Bytes that may come. */
  readonly limit: number;
  /** The error for more bytes than `limit`. */
  readonly tooLong: () => OciSaveError;
}

export interface BodyRules extends BodyLimits {
  /** Silence, in milliseconds, after which a body counts as stalled; only while it is being read. */
  readonly stallMilliseconds: number;
  /** What comes more slowly than this counts as stalled; by default `LEAST_BYTES_A_SECOND`. */
  readonly leastBytesASecond?: number | undefined;
  /** Milliseconds for all of the body, where it is held in memory. */
  readonly wholeMilliseconds?: number | undefined;
  /** The request's own signal: where it ended the body, its reason is the error. */
  readonly signal?: AbortSignal | undefined;
  /** The error for a body that broke off, fell silent or came too slowly, after so many bytes. */
  readonly broken: (cause: unknown, received: number) => OciSaveError;
  /** Called at the body's end; an error for one that is too short. */
  readonly ended?: ((received: number) => OciSaveError | undefined) | undefined;
}

/** The least rate of a registry's bodies: a byte now and then would hold a run for ever. */
export const LEAST_BYTES_A_SECOND = 512;

/**
 * A response's body under bounds: it never gives more than it may, ends in an error where the server hangs up, goes
 * silent or drips, and closes the connection when it is given up. Whoever gets it reads it or destroys it.
 */
export function boundedBody(message: Readable, rules: BodyRules): Readable {
  const { limit, stallMilliseconds, wholeMilliseconds, signal } = rules;
  const least = ((rules.leastBytesASecond ?? LEAST_BYTES_A_SECOND) * stallMilliseconds) / 1000;
  let received = 0;
  let timer: NodeJS.Timeout | undefined;
  /** Since when the reader has waited for bytes, without the time in which it took none, and how many had come then. */
  let window = { since: performance.now(), before: 0 };
  let pausedAt = window.since;
  const silence = (): void => clearTimeout(timer);
  const listen = (): void => {
    silence();
    timer = setTimeout(() => fail(stalled(stallMilliseconds)), stallMilliseconds);
  };
  const fail = (cause: unknown): void => {
    body.destroy(signal?.aborted ? abortedBy(signal) : rules.broken(cause, received));
  };
  const deadline =
    wholeMilliseconds === undefined
      ? undefined
      : setTimeout(() => fail(late(wholeMilliseconds)), wholeMilliseconds);
  const body = new Readable({
    read() {
      if (message.isPaused()) window = { ...window, since: window.since + performance.now() - pausedAt };
      listen();
      message.resume();
    },
    destroy(error, done) {
      silence();
      clearTimeout(deadline);
      message.destroy();
      done(error);
    },
  });
  // Its reader may begin later: an error that nobody has listened for would end the process.
  body.on('error', () => {});
  const push = (chunk: Buffer): void => {
    if (body.push(chunk)) return listen();
    // A slow reader is not a silent server.
    silence();
    message.pause();
    pausedAt = performance.now();
  };
  message.pause();
  message.on('data', (chunk: Buffer) => {
    if (body.destroyed) return;
    received += chunk.length;
    if (received > limit) {
      body.destroy(rules.tooLong());
      return;
    }
    if (performance.now() - window.since > stallMilliseconds) {
      const bytes = received - window.before;
      if (bytes < least) return fail(tooSlow(bytes, stallMilliseconds));
      window = { since: performance.now(), before: received };
    }
    push(chunk);
  });
  const finish = (): void => {
    silence();
    clearTimeout(deadline);
    const short = rules.ended?.(received);
    if (short) body.destroy(short);
    else body.push(null);
  };
  if (message.readableEnded) finish();
  else message.once('end', finish);
  // The connection's own end comes as an error first; later ones tell nothing new.
  message.on('error', fail);
  message.once('close', () => {
    if (!message.readableEnded) fail(undefined);
  });
  if (message.destroyed && !message.readableEnded) fail(message.errored ?? undefined);
  return body;
}

const inSeconds = (milliseconds: number): string => `${Math.round(milliseconds / 1000)} s`;

function stalled(milliseconds: number): OciSaveError {
  const message = `went silent: no byte for ${inSeconds(milliseconds)}`;
  return new OciSaveError({ code: 'network', message });
}

function tooSlow(bytes: number, milliseconds: number): OciSaveError {
  const message = `is too slow: ${bytes} bytes in ${inSeconds(milliseconds)}`;
  return new OciSaveError({ code: 'network', message });
}

function late(milliseconds: number): OciSaveError {
  return new OciSaveError({
    code: 'network',
    message: `did not send its whole response within ${inSeconds(milliseconds)}`,
  });
}

function abortedBy(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new OciSaveError({ code: 'interrupted', message: 'interrupted' });
}

/**
 * The beginning of an error's body, up to `limit` bytes. A body that breaks off or stalls costs words, not the response:
 * its status is what matters.
 */
export async function readBeginning(
  message: IncomingMessage,
  limit: number,
  rules: Pick<BodyRules, 'stallMilliseconds' | 'wholeMilliseconds' | 'signal'>,
): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  const over = new OciSaveError({ code: 'unsupported', message: 'larger than is read' });
  const body = boundedBody(message, { ...rules, limit, tooLong: () => over, broken: () => over });
  body.on('data', (chunk: Buffer) => chunks.push(chunk));
  await new Promise<void>((resolve) => {
    body.once('error', () => resolve());
    body.once('close', () => resolve());
  });
  rules.signal?.throwIfAborted();
  return Buffer.concat(chunks);
}

const DISCARD_BYTES = 16 * 1024;
const DISCARD_MILLISECONDS = 5000;

/** Frees a connection whose body nobody wants: read to its end where that is near, else closed. */
export function discard(message: IncomingMessage): void {
  // It closes once: the timer would keep the process for nothing.
  if (message.closed) return;
  const length = Number(message.headers['content-length'] ?? Number.NaN);
  if (!message.complete && !(length <= DISCARD_BYTES)) {
    message.destroy();
    return;
  }
  const timer = setTimeout(() => message.destroy(), DISCARD_MILLISECONDS);
  message.once('close', () => clearTimeout(timer));
  message.resume();
}
