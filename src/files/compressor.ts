/** How compressed files begin (RFC 1952, RFC 8878, and the formats of xz and bzip2). */
const STARTS: readonly (readonly [program: string, start: string])[] = [
  ['gzip', '1f8b'],
  ['zstd', '28b52ffd'],
  ['xz', 'fd377a585a00'],
  ['bzip2', '425a68'],
];

/** Of the bytes of a file, so many tell whether it is compressed. */
export const COMPRESSOR_BYTES = 6;

/** The program that compressed a file, by the bytes with which it begins; undefined where none did. `-dc` undoes it. */
export function compressorOf(start: Buffer): string | undefined {
  const hex = start.toString('hex', 0, COMPRESSOR_BYTES);
  return STARTS.find(([, begin]) => hex.startsWith(begin))?.[0];
}
