import { type Digest, digestOf, hexOf } from '../oci/digest.ts';
import type { ArchivePiece, MeasuredArchive } from './measure.ts';

export { sumsIn } from '../bundle/index.ts';

/** `N.sha256`, as `sha256sum -c` reads it: a line for each file that stands beside it. */
export function encodeSums(pieces: readonly Pick<ArchivePiece, 'name' | 'digest'>[]): string {
  return pieces.map(({ name, digest }) => `${hexOf(digest)}  ${name}\n`).join('');
}

/** What stands for all bytes of an archive, in whichever files: the digest of its sums. */
export function digestOfSums({ pieces }: Pick<MeasuredArchive, 'pieces'>): Digest {
  return digestOf(new TextEncoder().encode(encodeSums(pieces)));
}
