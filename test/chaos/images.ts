import {
  AMD64,
  ARM64,
  buildImage,
  buildIndex,
  chart,
  d2,
  emptyConfigArtifact,
  filledLayer,
  one,
  zst,
} from '../support/fixtures/index.ts';
import type { Image } from '../support/image.ts';

/** skopeo moves layers over 1 MiB. */
const LARGE = 1100 * 1024;
const SMALL = 20 * 1024;

export interface ChaosImage {
  readonly repository: string;
  /** What the tag names first, and what it names when it has moved. */
  readonly generations: readonly [Image, Image];
  /** The list names its digest, too: it stays when the tag moves. */
  readonly pinned: boolean;
  readonly large: boolean;
  /** An index, which has manifests below it. */
  readonly index: boolean;
}

const shared = filledLayer('shared', LARGE);
const sharer = (seed: string, layerBytes: number): Image =>
  buildImage({ layers: [shared, filledLayer(seed, layerBytes)] });

function image(
  name: string,
  make: (seed: string) => Image,
  {
    pinned = false,
    large = false,
    index = false,
  }: Partial<Pick<ChaosImage, 'pinned' | 'large' | 'index'>> = {},
): ChaosImage {
  const generations = [make(`${name} a`), make(`${name} b`)] as const;
  return { repository: `chaos/${name}`, generations, pinned, large, index };
}

/** Ten images: large and small layers, shared ones, an index, a pin, Docker's types, zstd, artifacts. */
export const IMAGES: readonly ChaosImage[] = [
  image('base', (seed) => sharer(seed, SMALL)),
  image('app', (seed) => sharer(seed, LARGE), { large: true }),
  image('web', (seed) => sharer(seed, SMALL)),
  image(
    'platforms',
    (seed) =>
      buildIndex([
        { platform: AMD64, image: one({ seed, layerBytes: LARGE, platform: AMD64 }) },
        { platform: ARM64, image: one({ seed: `${seed} arm`, layerBytes: SMALL, platform: ARM64 }) },
      ]),
    { large: true, index: true },
  ),
  image('pinned', (seed) => one({ seed, layerBytes: LARGE }), { large: true, pinned: true }),
  image('docker', (seed) => d2({ seed, layerBytes: LARGE }), { large: true }),
  image('zstd', (seed) => zst({ seed, layerBytes: SMALL })),
  image('small', (seed) => one({ seed, layerBytes: SMALL })),
  image('chart', (seed) => (seed.endsWith('a') ? chart() : one({ seed, layerBytes: SMALL }))),
  image('policy', (seed) => (seed.endsWith('a') ? emptyConfigArtifact() : one({ seed, layerBytes: SMALL }))),
];

export const TAG = '1';
/** The registry that stored names have, whatever the source's port is. */
export const STORED = 'chaos.example';

/** The line of a list for an image. */
export function lineOf(host: string, { repository, pinned, generations: [first] }: ChaosImage): string {
  const pin = pinned ? `@${first.top}` : '';
  return `${host}/${repository}:${TAG}${pin} => ${storedName(repository)}`;
}

export function storedName(repository: string): string {
  return `${STORED}/${repository}:${TAG}`;
}
