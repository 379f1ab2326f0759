import { cachedCorpus } from './corpus/cache.ts';
import type { Image } from './image.ts';

/** An image of real programs from Debian packages. */
export interface CorpusImage {
  /** Of its repository: `jq`. */
  readonly name: string;
  readonly tag: string;
  /** An index of linux/amd64 and linux/arm64/v8, OCI's or Docker's. */
  readonly image: Image;
  /** What it runs; also the command of its config. */
  readonly command: readonly string[];
  /** A word of what the command prints. */
  readonly prints: string;
}

let loaded: Promise<readonly CorpusImage[]> | undefined;

/**
 * More than twenty images over one base layer, 60 to 150 MB of unique blobs, with digests that depend on the
 * machine's package sources. The first call on a machine downloads and builds them (well under 90 s) into
 * `node_modules/.cache/oci-save-corpus`; later ones read and check that.
 */
export function corpus(): Promise<readonly CorpusImage[]> {
  loaded ??= cachedCorpus().then((built) =>
    built.map(({ application: { name, command, prints }, image }) => ({
      name,
      tag: '1',
      image,
      command,
      prints,
    })),
  );
  return loaded;
}
