import { createHash } from 'node:crypto';
import type { Digest } from '../oci/digest.ts';
import { type ArchiveName, partName, wholeName } from './archive-name.ts';
import type { ByteSource } from './byte-source.ts';
import { type Cut, cutArchive } from './cut.ts';

/** One file of an archive: the whole of it, or a part. */
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
  /** Where the reading failed. Never throws. */
  abandon(): Promise<void>;
}

export interface MeasureOptions {
  /** 0: never cut. */
  readonly partSize: number;
  readonly onBytes?: ((delta: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Without one the bytes are hashed alone. */
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
export function piecesOf(
  size: number,
  name: ArchiveName,
  partSize: number,
): (Cut & { readonly name: string; readonly size: number })[] {
  const cuts = cutArchive(size, partSize);
  return cuts.map(({ start, end }, index) => ({
    name: cuts.length === 1 ? wholeName(name) : partName(name, index + 1),
    start,
    end,
    size: end - start,
  }));
}
