import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { pipeline, type Readable } from 'node:stream';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { OciSaveError, systemCodeOf } from '../../errors.ts';
import type { BodyLimits } from './body.ts';

/** A Content-Encoding that can be undone. */
interface Coding {
  readonly whole: (bytes: Uint8Array, options: zlib.ZlibOptions) => Promise<Buffer>;
  readonly stream: () => NodeJS.ReadWriteStream & Readable;
  /** How bytes of this form begin, where that can be told. */
  readonly magic: readonly number[];
}

const gzip: Coding = {
  whole: promisify<Uint8Array, zlib.ZlibOptions, Buffer>(zlib.gunzip),
  stream: () => zlib.createGunzip(),
  magic: [0x1f, 0x8b],
};
const deflate: Coding = {
  whole: promisify<Uint8Array, zlib.ZlibOptions, Buffer>(zlib.inflate),
  stream: () => zlib.createInflate(),
  magic: [0x78],
};
const brotli: Coding = {
  whole: promisify<Uint8Array, zlib.BrotliOptions, Buffer>(zlib.brotliDecompress),
  stream: () => zlib.createBrotliDecompress(),
  magic: [],
};
/** A map, since a server names the key: an object would have `constructor`, too. */
const CODINGS: ReadonlyMap<string, Coding> = new Map([
  ['gzip', gzip],
  ['x-gzip', gzip],
  ['deflate', deflate],
  ['br', brotli],
]);

/** The Content-Encoding of a response; undefined where its bytes are as they are. */
export function encodingOf(headers: Pick<IncomingHttpHeaders, 'content-encoding'>): string | undefined {
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? '';
  return encoding === '' || encoding === 'identity' ? undefined : encoding;
}

/** The error for a response in an encoding that was not asked for and cannot be undone. */
export function encodingError(subject: string, host: string, encoding: string): OciSaveError {
  return new OciSaveError({
    code: 'unsupported',
    message: `${subject}: ${host} sent it compressed (Content-Encoding: ${encoding.slice(0, 40)}), though it was asked not to`,
    hint: 'A proxy in front of the registry compresses what it should pass on as it is: have that turned off.',
  });
}

/** Whether an encoding is one that is undone here. */
export function isKnownEncoding(encoding: string): boolean {
  return CODINGS.has(encoding);
}

/**
 * The bytes of a body that came in an encoding. Some servers only say that they compress: bytes that do not begin so are
 * left as they are.
 * @throws OciSaveError as `limits` says where there are more of them; `undefined` where they are not in that encoding
 */
export async function decodeWhole(
  bytes: Uint8Array,
  encoding: string,
  { limit, tooLong }: BodyLimits,
): Promise<Uint8Array | undefined> {
  const coding = CODINGS.get(encoding);
  if (coding === undefined) return undefined;
  if (coding.magic.some((byte, at) => bytes[at] !== byte)) return bytes;
  try {
    return await coding.whole(bytes, { maxOutputLength: limit });
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === 'ERR_BUFFER_TOO_LARGE') throw tooLong();
    if (code === undefined) throw error;
    return undefined;
  }
}

/** What a refusal says, as far as it can be read. */
export async function decodeBeginning(
  bytes: Uint8Array,
  encoding: string,
  limit: number,
): Promise<Uint8Array> {
  const tooLong = (): OciSaveError => new OciSaveError({ code: 'unsupported', message: 'too long' });
  try {
    return (await decodeWhole(bytes, encoding, { limit, tooLong })) ?? new Uint8Array();
  } catch (error) {
    if (error instanceof OciSaveError) return new Uint8Array();
    throw error;
  }
}

/** A body as its bytes were before a server encoded them. It ends in an error where they are not in that encoding. */
export function decodedBody(message: IncomingMessage, encoding: string): Readable {
  const coding = CODINGS.get(encoding);
  if (coding === undefined) return message;
  const decoder = coding.stream();
  // Each end of it is heard by whoever reads the decoder.
  pipeline(message, decoder, () => {});
  return decoder;
}
