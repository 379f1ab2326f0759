import type { ClientRequest } from 'node:http';
import type { Readable } from 'node:stream';
import { OciSaveError, systemCodeOf } from '../errors.ts';

/** A request's body that is not held in memory. */
export interface StreamedBody {
  /** Bytes: what `open` gives, and what Content-Length says. */
  readonly size: number;
  readonly open: () => Readable;
  /** Told of bytes as the connection takes them. */
  readonly onSent?: ((bytes: number) => void) | undefined;
}

/**
 * Sends a body as fast as the connection takes it. Ends when it is sent, when the server has answered without
 * wanting the rest, or when the connection is gone. `moved` is called whenever bytes went.
 */
export function feed(wire: ClientRequest, { open, onSent }: StreamedBody, moved: () => void): void {
  const source = open();
  source.on('data', (chunk: Buffer) => {
    moved();
    onSent?.(chunk.length);
  });
  source.once('error', (error) => wire.destroy(unreadable(error)));
  const stop = (): void => {
    source.unpipe(wire);
    source.destroy();
  };
  wire.once('response', stop);
  wire.once('close', stop);
  source.pipe(wire);
}

/** A file of ours that cannot be read is no fault of the network. */
function unreadable(cause: Error): OciSaveError {
  if (cause instanceof OciSaveError) return cause;
  return new OciSaveError({
    code: 'local',
    message: `what was to be sent cannot be read (${systemCodeOf(cause) ?? 'unknown'})`,
    cause,
  });
}
