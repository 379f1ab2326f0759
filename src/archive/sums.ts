import { type Digest, digestOf, hexOf } from '../oci/digest.ts';
import type { ArchivePiece, MeasuredArchive } from './measure.ts';

/** `N.sha256`, as `sha256sum -c` reads it: a line for each file that stands beside it. */
export function encodeSums(pieces: readonly Pick<ArchivePiece, 'name' | 'digest'>[]): string {
  return pieces.map(({ name, digest }) => `${hexOf(digest)}  ${name}\n`).join('');
}

/** What stands for all bytes of an archive, in whichever files: the digest of its sums. */
export function digestOfSums({ pieces }: Pick<MeasuredArchive, 'pieces'>): Digest {
  return digestOf(new TextEncoder().encode(encodeSums(pieces)));
}

/** The digests in such a file, by name; lines of any other form are passed over. */
export function sumsIn(text: string): Map<string, Digest> {
  return new Map(
    text.split('\n').flatMap((line): [string, Digest][] => {
      const [, hex, name] = /^([0-9a-f]{64}) [ *](.+)$/.exec(line) ?? [];
      return hex === undefined || name === undefined ? [] : [[name, `sha256:${hex}`]];
    }),
  );
}
