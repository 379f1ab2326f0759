import { digestOf } from '../../../src/oci/digest.ts';
import { OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST } from '../../../src/oci/media-type.ts';
import { configOf } from '../fixtures/build.ts';
import { type Layer, seededBytes } from '../fixtures/index.ts';
import { descriptorOf, type Image, imageOf, jsonBytes } from '../image.ts';

const bytes = seededBytes('bad layer', 300);
const ONE_LAYER: Layer = { bytes, compression: 'none', diffId: digestOf(bytes) };

/** An image of one child for linux/amd64, or as its index says. */
export function imageWith({
  config = configOf({ layers: [ONE_LAYER] }),
  layer = {},
  platform = { architecture: 'amd64', os: 'linux' },
  others = [],
}: {
  readonly config?: Uint8Array;
  readonly layer?: Readonly<Record<string, unknown>>;
  readonly platform?: unknown;
  readonly others?: readonly unknown[];
}): Image {
  const manifest = jsonBytes({
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: descriptorOf(OCI_CONFIG, config),
    layers: [{ ...descriptorOf(`${OCI_LAYER}+gzip`, bytes), ...layer }],
  });
  const index = jsonBytes({
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: [descriptorOf(OCI_MANIFEST, manifest, { platform }), ...others],
  });
  const child = imageOf({ mediaType: OCI_MANIFEST, bytes: manifest }, [config, bytes]);
  return imageOf({ mediaType: OCI_INDEX, bytes: index }, [], [child]);
}
