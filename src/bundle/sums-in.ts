import type { Digest } from '../oci/digest.ts';

/** The digests in a file that `sha256sum -c` reads, by name; lines of any other form are passed over. */
export function sumsIn(text: string): Map<string, Digest> {
  return new Map(
    text.split('\n').flatMap((line): [string, Digest][] => {
      const [, hex, name] = /^([0-9a-f]{64}) [ *](.+)$/.exec(line) ?? [];
      return hex === undefined || name === undefined ? [] : [[name, `sha256:${hex}`]];
    }),
  );
}
