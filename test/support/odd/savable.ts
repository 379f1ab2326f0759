import {
  DOCKER_MANIFEST,
  OCI_CONFIG,
  OCI_EMPTY,
  OCI_INDEX,
  OCI_LAYER,
  OCI_MANIFEST,
} from '../../../src/oci/media-type.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { configOf, platformFields } from '../fixtures/build.ts';
import {
  AMD64,
  ARM64,
  buildImage,
  buildIndex,
  type Child,
  cosignSignature,
  dockerWithOciLayer,
  dockerZstd,
  emptyConfigArtifact,
  filledLayer,
  foreign,
  type Layer,
  nested,
  one,
  signatureOf,
  windows,
} from '../fixtures/index.ts';
import { descriptorOf, descriptorOfImage, type Image, imageOf, jsonBytes } from '../image.ts';
import { buildCacheManifest } from './refused.ts';

const small = { layerBytes: 200 };
const GZIP = `${OCI_LAYER}+gzip`;
const [gzip, zstd, plain] = [
  filledLayer('odd gzip', 200),
  filledLayer('odd zstd', 200, 'zstd'),
  filledLayer('odd plain', 200, 'none'),
];
const bytes = new Uint8Array();
const empty: Layer = { bytes, compression: 'none', diffId: digestOf(bytes) };
const page = new TextEncoder().encode('not a file system\n');
const subject = one({ seed: 'odd subject', ...small });

/** An image of layers with these types, in this order. */
function typed(layers: readonly (readonly [type: string, layer: Layer])[], fields: object = {}): Image {
  const config = configOf({ layers: layers.map(([, layer]) => layer) });
  const manifest = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: descriptorOf(OCI_CONFIG, config),
    layers: layers.map(([type, layer]) => descriptorOf(type, layer.bytes)),
    ...fields,
  };
  const blobs = [config, ...layers.map(([, layer]) => layer.bytes)];
  return imageOf({ mediaType: OCI_MANIFEST, bytes: jsonBytes(manifest) }, blobs);
}

function listing(manifests: readonly object[], children: readonly Image[]): Image {
  const index = jsonBytes({ schemaVersion: 2, mediaType: OCI_INDEX, manifests });
  return imageOf({ mediaType: OCI_INDEX, bytes: index }, [], children);
}

/** An index of one architecture at several levels. */
export function levels(...variants: readonly (string | undefined)[]): Image {
  return buildIndex(
    variants.map((variant): Child => {
      const platform = { ...AMD64, ...(variant === undefined ? {} : { variant }) };
      return { platform, image: buildImage({ platform, layers: [filledLayer(`level ${variant}`, 200)] }) };
    }),
  );
}

function untypedConfig(): Image {
  const config = configOf({ layers: [gzip] });
  const manifest = {
    schemaVersion: 2,
    mediaType: DOCKER_MANIFEST,
    config: descriptorOf('application/octet-stream', config),
    layers: [descriptorOf('application/vnd.docker.image.rootfs.diff.tar.gzip', gzip.bytes)],
  };
  return imageOf({ mediaType: DOCKER_MANIFEST, bytes: jsonBytes(manifest) }, [config, gzip.bytes]);
}

function emptyArtifact(): Image {
  const nothing = jsonBytes({});
  const config = descriptorOf(OCI_EMPTY, nothing, { data: 'e30=' });
  const artifactType = 'application/vnd.example.mark';
  const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, artifactType, config, layers: [] };
  return imageOf({ mediaType: OCI_MANIFEST, bytes: jsonBytes(manifest) }, [nothing]);
}

/** Odd images that containerd and podman take. */
export const UNPACKED: Readonly<Record<string, Image>> = {
  'an-empty-layer': typed([
    [GZIP, gzip],
    [OCI_LAYER, empty],
  ]),
  'an-empty-layer-called-gzip': typed([
    [GZIP, empty],
    [GZIP, gzip],
  ]),
  'layers-in-any-order': typed([
    [`${OCI_LAYER}+zstd`, zstd],
    [OCI_LAYER, plain],
    [GZIP, gzip],
  ]),
  'no-layers': typed([], { layers: null }),
  'docker-type-in-oci': typed([['application/vnd.docker.image.rootfs.diff.tar.gzip', gzip]]),
  'oci-type-in-docker': dockerWithOciLayer(small),
  'untyped-config': untypedConfig(),
  'foreign-layer': foreign({ urls: ['https://127.0.0.1:1/x'], held: true, ...small }).image,
  'levels-of-amd64': levels(undefined, 'v2', 'v3'),
  'nested-indexes': nested(small),
  'an-artifact-among-platforms': listing(
    [
      descriptorOfImage(emptyConfigArtifact()),
      descriptorOfImage(subject, { platform: platformFields(AMD64) }),
    ],
    [emptyConfigArtifact(), subject],
  ),
  'an-image-with-a-subject': typed([[GZIP, gzip]], { subject: descriptorOfImage(subject) }),
};

/** Odd images that podman takes, and of which containerd unpacks nothing here. */
export const ELSEWHERE: Readonly<Record<string, Image>> = {
  'docker-zstd': dockerZstd(small),
  'v3-alone': levels('v3'),
  'other-architectures': buildIndex([
    { platform: ARM64, image: buildImage({ platform: ARM64, layers: [gzip] }) },
  ]),
  windows: windows(small),
};

/** What no runtime unpacks. */
export const KEPT: Readonly<Record<string, Image>> = {
  'a-layer-of-text': typed([
    ['text/plain', { ...gzip, bytes: page, diffId: digestOf(page) }],
    [GZIP, gzip],
  ]),
  'an-artifact': emptyConfigArtifact(),
  'an-artifact-without-content': emptyArtifact(),
  'an-artifact-with-a-subject': signatureOf(subject),
  'a-build-cache': buildCacheManifest(),
  'a-cosign-signature': cosignSignature(subject).image,
  'an-index-of-nothing': listing([], []),
  'an-index-of-artifacts': listing([descriptorOfImage(emptyConfigArtifact())], [emptyConfigArtifact()]),
  'a-wasm-module': typed([['application/wasm', { ...gzip, bytes: page }]]),
};
