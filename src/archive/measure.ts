import { createHash } from 'node:crypto';
import { OciSaveError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import { hint, option } from '../text/hint.ts';
import { type ArchiveName, MAX_PARTS, partName, wholeName } from './archive-name.ts';
import type { ByteSource } from './byte-source.ts';

/** One file of an archive: the whole archive, or a part. */
export interface ArchivePiece extends Cut {
  readonly name: string;
  readonly size: number;
  readonly digest: Digest;
}

/** An archive whose bytes have been read once: what it and its pieces hash to. */
export interface MeasuredArchive {
  readonly name: ArchiveName;
  readonly size: number;
  readonly digest: Digest;
  /** In order; the archive itself where it was not cut. */
  readonly pieces: readonly ArchivePiece[];
}

export function isSplit({ pieces }: Pick<MeasuredArchive, 'pieces'>): boolean {
  return pieces.length > 1;
}

/** Where the bytes of a piece go while they are read. */
export interface PieceSink {
  write(chunk: Uint8Array): Promise<void>;
  /** After the last byte of the piece. */
  end(): Promise<void>;
  /** Where reading failed. Never throws. */
  abandon(): Promise<void>;
}

export interface MeasureOptions {
  /** 0: never cut. */
  readonly partSize: number;
  readonly onBytes?: ((delta: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Without one the bytes are only hashed. */
  readonly sinkFor?: ((name: string) => Promise<PieceSink>) | undefined;
}

/**
 * Reads an archive once, from end to end, and hashes it and the pieces that it is cut into.
 * @throws OciSaveError `digest` where a blob in it is damaged, `usage` for too many parts
 */
export async function measureArchive(
  source: ByteSource,
  name: ArchiveName,
  { partSize, onBytes, signal, sinkFor }: MeasureOptions,
): Promise<MeasuredArchive> {
  const names = piecesOf(source.size, name, partSize);
  const whole = createHash('sha256');
  const pieces: ArchivePiece[] = [];
  let sink: PieceSink | undefined;
  let part = createHash('sha256');
  let position = 0;
  try {
    for await (const chunk of source.read()) {
      for (let taken = 0; taken < chunk.length;) {
        signal?.throwIfAborted();
        const piece = names[pieces.length];
        if (piece === undefined) throw new Error(`${wholeName(name)} has more bytes than were laid out`);
        if (position === piece.start) sink = await sinkFor?.(piece.name);
        const bytes = chunk.subarray(taken, taken + piece.end - position);
        part.update(bytes);
        if (names.length > 1) whole.update(bytes);
        await sink?.write(bytes);
        onBytes?.(bytes.length);
        taken += bytes.length;
        position += bytes.length;
        if (position < piece.end) continue;
        await sink?.end();
        sink = undefined;
        pieces.push({ ...piece, digest: `sha256:${part.digest('hex')}` });
        part = createHash('sha256');
      }
    }
  } catch (error) {
    await sink?.abandon();
    throw error;
  }
  const [only] = pieces;
  const digest: Digest =
    only !== undefined && pieces.length === 1 ? only.digest : `sha256:${whole.digest('hex')}`;
  return { name, size: source.size, digest, pieces };
}

/** The pieces that an archive of a size will have, before a byte of it is read. */
export function piecesOf(size: number, name: ArchiveName, partSize: number): Omit<ArchivePiece, 'digest'>[] {
  const cuts = cutArchive(size, partSize);
  return cuts.map(({ start, end }, index) => ({
    name: cuts.length === 1 ? wholeName(name) : partName(name, index + 1),
    start,
    end,
    size: end - start,
  }));
}

/** One piece of an archive: the bytes from `start` up to `end`, exclusive. */
export interface Cut {
  readonly start: number;
  readonly end: number;
}

const GIB = 2 ** 30;

/**
 * The size that parts have where parts of `wanted` bytes are asked for. FAT32 takes 4 GiB less one byte, and releases
 * on GitHub less than 2 GiB: a request for exactly that means the most that fits.
 */
export function partSizeOf(wanted: number): number {
  return wanted === 2 * GIB || wanted === 4 * GIB ? wanted - 1 : wanted;
}

/**
 * Cuts an archive of `size` bytes into parts of `partSize`; all are full except the last. An archive that is not larger
 * stays whole, and 0 cuts nothing.
 * @throws OciSaveError `usage` for more parts than three digits can number
 */
export function cutArchive(size: number, partSize: number): Cut[] {
  if (partSize === 0 || size <= partSize) return [{ start: 0, end: size }];
  const count = Math.ceil(size / partSize);
  if (count > MAX_PARTS) {
    throw new OciSaveError({
      code: 'usage',
      message: `parts of ${partSize} bytes would cut the archive of ${size} bytes into ${count}; ${MAX_PARTS} is the limit`,
      hint: hint`Take larger parts with ${option('splitSize')}.`,
    });
  }
  return Array.from({ length: count }, (_, index) => ({
    start: index * partSize,
    end: Math.min((index + 1) * partSize, size),
  }));
}
