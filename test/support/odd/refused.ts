import {
  DOCKER_CONFIG,
  DOCKER_MANIFEST,
  OCI_CONFIG,
  OCI_INDEX,
  OCI_LAYER,
  OCI_MANIFEST,
} from '../../../src/oci/media-type.ts';
import { configOf } from '../fixtures/build.ts';
import { filledLayer, one } from '../fixtures/index.ts';
import { descriptorOf, descriptorOfImage, type Image, imageOf, jsonBytes, topOf } from '../image.ts';

const layer = filledLayer('odd', 200);
const config = configOf({ layers: [layer] });
const GZIP = `${OCI_LAYER}+gzip`;
const SHA512 = `sha512:${'0'.repeat(128)}`;
const ARTIFACT = 'application/vnd.oci.artifact.manifest.v1+json';
const subject = one({ seed: 'subject', layerBytes: 100 });

/** A manifest of these fields, and the blobs that a registry has beside it. */
function written(mediaType: string, fields: object, blobs: readonly Uint8Array[] = []): Image {
  return imageOf({ mediaType, bytes: jsonBytes({ schemaVersion: 2, mediaType, ...fields }) }, blobs);
}

const image = (fields: object): Image =>
  written(
    OCI_MANIFEST,
    { config: descriptorOf(OCI_CONFIG, config), layers: [descriptorOf(GZIP, layer.bytes)], ...fields },
    [config, layer.bytes],
  );

/** An index with one good child, and one more entry without a platform. */
function listing(entry: object): Image {
  const manifests = [descriptorOfImage(subject, { platform: { os: 'linux', architecture: 'amd64' } }), entry];
  const bytes = jsonBytes({ schemaVersion: 2, mediaType: OCI_INDEX, manifests });
  return imageOf({ mediaType: OCI_INDEX, bytes }, [layer.bytes], [subject]);
}

const cacheConfig = jsonBytes({ layers: [{ blob: layer.diffId, parent: -1 }], records: [] });
export const CACHE_CONFIG = 'application/vnd.buildkit.cacheconfig.v0';

/** What `--cache-to type=registry` writes: an index whose entries are layers, with the cache's records as the last one. */
export function buildCache(layerType: string = GZIP): Image {
  const annotations = {
    'buildkit/createdat': '2026-01-01T00:00:00Z',
    'containerd.io/uncompressed': layer.diffId,
  };
  const manifests = [
    descriptorOf(layerType, layer.bytes, { annotations }),
    descriptorOf(CACHE_CONFIG, cacheConfig),
  ];
  return written(OCI_INDEX, { manifests }, [layer.bytes, cacheConfig]);
}

/** The same with `image-manifest=true`. */
export function buildCacheManifest(): Image {
  const layers = [descriptorOf(GZIP, layer.bytes)];
  return written(OCI_MANIFEST, { config: descriptorOf(CACHE_CONFIG, cacheConfig), layers }, [
    layer.bytes,
    cacheConfig,
  ]);
}

/** What no reader takes, by kind, with the sentence that refuses it. */
export const REFUSED: readonly (readonly [kind: string, image: Image, words: RegExp])[] = [
  [
    'found D1: BuildKit’s build cache',
    buildCache(),
    /^.*: this is a build cache of BuildKit: an index of layers, not of images$/,
  ],
  [
    'found D1: BuildKit’s build cache with Docker’s layers',
    buildCache('application/vnd.docker.image.rootfs.diff.tar.gzip'),
    /: this is a build cache of BuildKit: /,
  ],
  [
    'a layer that its index lists as a manifest',
    listing(descriptorOf(GZIP, layer.bytes)),
    /^its index is not valid: it lists a blob as a manifest \(child 2, sha256:[0-9a-f]{12}\)$/,
  ],
  [
    'found D2: a sha512 layer',
    image({ layers: [{ ...descriptorOf(GZIP, layer.bytes), digest: SHA512 }] }),
    /: layers\.0\.digest is a sha512 digest, and only sha256 is supported \(layer 1\)$/,
  ],
  [
    'found D2: a sha512 config',
    image({ config: { ...descriptorOf(OCI_CONFIG, config), digest: SHA512 } }),
    /: config\.digest is a sha512 digest, and only sha256 is supported$/,
  ],
  [
    'found D2: a sha512 child',
    listing({ ...descriptorOfImage(subject), digest: SHA512 }),
    /^its index is not valid: digest is a sha512 digest, and only sha256 is supported \(child 2\)$/,
  ],
  [
    'a sha512 subject',
    image({ subject: { ...descriptorOfImage(subject), digest: SHA512 } }),
    /: subject\.digest is a sha512 digest, and only sha256 is supported$/,
  ],
  [
    'a blake3 layer',
    image({ layers: [{ ...descriptorOf(GZIP, layer.bytes), digest: `blake3:${'0'.repeat(64)}` }] }),
    /: layers\.0\.digest is a blake3 digest, and only sha256 is supported/,
  ],
  [
    'found D4: a retired artifact manifest',
    written(ARTIFACT, { artifactType: 'application/x', blobs: [descriptorOf('text/plain', layer.bytes)] }),
    /: this is an artifact manifest, a format that was given up before image-spec 1\.1$/,
  ],
  [
    'the artifact manifest of ORAS',
    written('application/vnd.cncf.oras.artifact.manifest.v1+json', { artifactType: 'application/x' }),
    /: this is an artifact manifest, a format that was given up/,
  ],
  [
    'found D4: "manifests": null',
    written(OCI_INDEX, { manifests: null }),
    /: its list of manifests is null$/,
  ],
  [
    'found D4: a layer of negative size',
    image({ layers: [{ ...descriptorOf(GZIP, layer.bytes), size: -1 }] }),
    /: layers\.0\.size is not a number of bytes \(layer 1, sha256:[0-9a-f]{12}\)$/,
  ],
  ['a config that is null', image({ config: null }), /: config is not an object$/],
  ['layers that are no list', image({ layers: {} }), /: layers is not a list$/],
  [
    'an artifact with a subject and no config',
    image({ config: undefined, artifactType: 'application/x', subject: descriptorOfImage(subject) }),
    /: it has layers, but no config$/,
  ],
  [
    'an image manifest that is an index, too',
    image({ manifests: [descriptorOfImage(subject)] }),
    /: it has the fields of an image manifest and those of an index$/,
  ],
  [
    'a config of fewer layers than its manifest has',
    imageWithConfig(configOf({ layers: [] })),
    /^config sha256:[0-9a-f]{12} is not a valid image config: it lists 0 layers, its manifest 1$/,
  ],
  [
    'a config that is an array',
    imageWithConfig(jsonBytes([1, 'x'])),
    /^config sha256:[0-9a-f]{12} is not a valid image config: it is not an object$/,
  ],
  ...unreadable(),
];

/** What the parsers of Go refuse, or read in another way: ctr would import no image of the bundle. */
function unreadable(): readonly (readonly [kind: string, image: Image, words: RegExp])[] {
  const text = new TextDecoder().decode(topOf(image({})).bytes);
  const changed = (from: string | RegExp, to: string): Image =>
    imageOf({ mediaType: OCI_MANIFEST, bytes: new TextEncoder().encode(text.replace(from, to)) }, [
      config,
      layer.bytes,
    ]);
  const other = JSON.stringify([descriptorOf(GZIP, jsonBytes('other'))]);
  const words = new TextDecoder().decode(config);
  const configured = (from: string | RegExp, to: string): Image =>
    imageWithConfig(new TextEncoder().encode(words.replace(from, to)));
  return [
    [
      'found A10: a size with a fraction',
      changed(/"size":\d+/, '$&.0'),
      /: config\.size is not a number of bytes/,
    ],
    [
      'found A10: a size with an exponent',
      changed(/"size":\d+/, '$&e0'),
      /: config\.size is not a number of bytes/,
    ],
    [
      'found A10: two lists of layers',
      changed('{', `{"Layers":${other},`),
      /: layers is spelled in another case, /,
    ],
    [
      'found A10: a key that stands twice',
      changed('{', `{"layers":${other},`),
      /: a key stands twice in one object$/,
    ],
    [
      'found A10: data that is no base64',
      changed('"size"', '"data":"!!!!","size"'),
      /: config\.data is not base64 /,
    ],
    [
      'found A10: annotations that are none',
      changed('{', '{"annotations":5,'),
      /: annotations is not an object$/,
    ],
    [
      'found A10: a version in words',
      changed('"schemaVersion":2', '"schemaVersion":"two"'),
      /: schemaVersion is not an/,
    ],
    [
      'found A10: a time in words',
      configured('1970-01-01T00:00:00Z', 'yesterday'),
      /: its created is not a time of RFC 3339$/,
    ],
    [
      'found A10: two file systems',
      configured('{', '{"RootFS":{},'),
      /: its rootfs is spelled in another case, /,
    ],
  ];
}

function imageWithConfig(bytes: Uint8Array): Image {
  return written(
    DOCKER_MANIFEST,
    {
      config: descriptorOf(DOCKER_CONFIG, bytes),
      layers: [descriptorOf('application/vnd.docker.image.rootfs.diff.tar.gzip', layer.bytes)],
    },
    [bytes, layer.bytes],
  );
}
