import { pipeline, Readable, Transform } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { createTarDecoder, type TarHeader } from 'modern-tar';
import { OciSaveError } from '../../errors.ts';
import type { IncomingFile, Taken } from '../port.ts';
import type { Compression } from './service.ts';

export interface ArchiveRules {
  /** The one folder whose files may be in it. */
  readonly folder: string;
  /** Bytes that it may unpack to. */
  readonly maxBytes: number;
  readonly compression: Compression;
  readonly take: (file: IncomingFile) => Promise<Taken>;
}

export interface ReadArchive {
  /** Entries that may not be there: other paths, links, devices, and files that `take` refused. */
  readonly refused: number;
}

/** Each chunk passes several streams: small ones cost more than the unpacking. */
const chunkSize = 256 * 1024;

const FILE_NAME = /^[0-9a-f]{64}$/;

/**
 * Reads an archive as it streams in. Only `take` writes anything to disk: a path is compared, never used. It stops where
 * `take` has enough.
 * @throws the error of the source or of `take`, or one for bytes that are not an archive, or are cut
 */
export async function readArchive(
  source: AsyncIterable<Uint8Array>,
  { folder, maxBytes, compression, take }: ArchiveRules,
): Promise<ReadArchive> {
  let refused = 0;
  // The first error is the cause; later ones only say that the stream was torn.
  let cause: unknown;
  const unpacked = pipeline(
    Readable.from(source, { objectMode: false }),
    compression === 'gzip' ? createGunzip({ chunkSize }) : createZstdDecompress({ chunkSize }),
    bounded(maxBytes),
    (error) => {
      if (error) cause ??= error;
    },
  );
  const judge = async ({ name: path, size, type }: TarHeader, body: IncomingFile['body']): Promise<Taken> => {
    if (type === 'directory' && path === `${folder}/`) return 'skipped';
    const name = path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : '';
    return type === 'file' && FILE_NAME.test(name) ? take({ name, size, body }) : 'refused';
  };
  try {
    const entries = Readable.toWeb(unpacked).pipeThrough(createTarDecoder({ strict: true }));
    for await (const { header, body } of entries) {
      const done = await judge(header, body);
      if (done === 'refused') refused += 1;
      if (done === 'enough') break;
      await drain(body);
    }
    return { refused };
  } catch (error) {
    throw damageOf(cause ?? error);
  } finally {
    unpacked.destroy();
  }
}

/** Reads the rest. Not by `cancel`: the decoder then loses the next entry, and waits for ever. */
async function drain(body: AsyncIterable<Uint8Array>): Promise<void> {
  const chunks = body[Symbol.asyncIterator]();
  while ((await chunks.next()).done !== true);
}

function bounded(maxBytes: number): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > maxBytes) done(damage(`it unpacks to more than the ${maxBytes} bytes that it may have`));
      else done(null, chunk);
    },
  });
}

/** Errors of the unpackers do not say that they are about an archive. */
function damageOf(error: unknown): unknown {
  if (error instanceof OciSaveError || !(error instanceof Error) || 'syscall' in error) return error;
  return damage(error.message, error);
}

function damage(why: string, cause?: unknown): OciSaveError {
  return new OciSaveError({ code: 'digest', message: `its archive is damaged: ${why}`, cause });
}
