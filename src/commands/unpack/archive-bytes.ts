import { OciSaveError } from '../../errors.ts';
import type { PartFault } from '../verify/observed.ts';
import { findPieces, joinPieces, type Piece } from '../verify/pieces.ts';
import { untilAborted } from '../verify/until-aborted.ts';
import type { UnpackIo } from './unpack-report.ts';

/** An archive that is unpacked. */
export interface ArchiveBytes {
  /** Whether it comes on standard input. */
  readonly isStream: boolean;
  /** Its files; none of a stream. */
  readonly pieces: readonly Piece[];
  /** All of its bytes, once. What is wrong with its files is added to `faults`; throws what ends the run. */
  readonly chunks: (faults: PartFault[]) => AsyncIterable<Uint8Array>;
}

/**
 * Finds the archive that paths name: a file, any of its parts or their list; or `-` for standard input. Reads none of its
 * bytes.
 * @throws OciSaveError `usage` where there is none, or more than one
 */
export async function findArchive(
  named: readonly string[],
  { stdin, signal }: Pick<UnpackIo, 'stdin' | 'signal'>,
): Promise<ArchiveBytes> {
  if (named[0] !== '-') {
    const pieces = await findPieces(named);
    return { isStream: false, pieces, chunks: (faults) => joinPieces(pieces, faults, signal) };
  }
  if (named.length > 1) {
    throw new OciSaveError({
      code: 'usage',
      message: 'standard input is unpacked alone: name nothing beside it',
    });
  }
  return { isStream: true, pieces: [], chunks: () => untilAborted(stdin, signal) };
}
