import fc from 'fast-check';
import {
  DOCKER_CONFIG,
  DOCKER_LIST,
  DOCKER_MANIFEST,
  OCI_CONFIG,
  OCI_INDEX,
  OCI_LAYER,
  OCI_MANIFEST,
} from '../../../src/oci/media-type.ts';
import { type Digest, digestOf } from '../../../src/oci/digest.ts';
import { seededBytes } from '../fixtures/index.ts';
import { descriptorOf, type Image, jsonBytes } from '../image.ts';
import { HOSTILE_DOCUMENTS, hostileValue } from './values.ts';

type Path = readonly (string | number)[];
type Part = 'config' | 'manifest' | 'index';

/** One change of an image's documents. */
export type Change =
  | { readonly kind: 'value'; readonly part: Part; readonly at: number; readonly text: string }
  | { readonly kind: 'remove'; readonly part: Part; readonly at: number }
  | { readonly kind: 'document'; readonly part: Part; readonly document: number };

const HOLE = '@@HOLE@@';

/** The bytes of a document as it stands, or after a change of it. */
function bytesOf(document: Record<string, unknown>, part: Part, change: Change | undefined): Uint8Array {
  const text = JSON.stringify(document);
  if (change === undefined || change.part !== part) return new TextEncoder().encode(text);
  if (change.kind === 'document') {
    return HOSTILE_DOCUMENTS[change.document % HOSTILE_DOCUMENTS.length]?.(text) ?? new Uint8Array();
  }
  const paths = pathsIn(document);
  const path = paths[change.at % paths.length] ?? [];
  const removed = change.kind === 'remove';
  const holed = JSON.stringify(replaced(document, path, removed ? undefined : HOLE));
  return new TextEncoder().encode(removed ? holed : holed.replace(`"${HOLE}"`, () => change.text));
}

/** Every field of a document, lists' elements included. */
function pathsIn(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  const own = Object.entries(value).flatMap(([key, inner]) =>
    pathsIn(inner, [...path, Array.isArray(value) ? Number(key) : key]),
  );
  return path.length === 0 ? own : [path, ...own];
}

function replaced(value: unknown, [first, ...rest]: Path, by: unknown): unknown {
  if (first === undefined) return by;
  if (Array.isArray(value)) {
    const list: readonly unknown[] = value;
    return list.map((one, at) => (at === first ? replaced(one, rest, by) : one));
  }
  return Object.fromEntries(
    Object.entries(value ?? {}).map(([key, one]) => [key, key === first ? replaced(one, rest, by) : one]),
  );
}

/** An image of linux/amd64 below an index with another child and an attestation, with changes in its documents. */
export function hostileImage(
  changes: readonly Change[],
  { indexed, docker, shared }: { indexed: boolean; docker: boolean; shared: Uint8Array },
): Image {
  const changed = (part: Part): Change | undefined => changes.find((change) => change.part === part);
  const layer = seededBytes('hostile layer', 300);
  const config = bytesOf(
    {
      architecture: 'amd64',
      os: 'linux',
      variant: 'v1',
      'os.version': '1',
      config: { Env: ['A=b'], Labels: { a: 'b' } },
      rootfs: { type: 'layers', diff_ids: [digestOf(layer), digestOf(shared)] },
      history: [{ created_by: 'x' }],
    },
    'config',
    changed('config'),
  );
  const layerType = docker ? 'application/vnd.docker.image.rootfs.diff.tar.gzip' : `${OCI_LAYER}+gzip`;
  const annotations = { annotations: { 'org.example': 'x' } };
  const manifest = bytesOf(
    {
      schemaVersion: 2,
      mediaType: docker ? DOCKER_MANIFEST : OCI_MANIFEST,
      config: descriptorOf(docker ? DOCKER_CONFIG : OCI_CONFIG, config),
      layers: [
        descriptorOf(layerType, layer, { urls: ['https://127.0.0.1:1/a'], ...annotations }),
        descriptorOf(layerType, shared),
      ],
      ...annotations,
    },
    'manifest',
    changed('manifest'),
  );
  const manifestType = docker ? DOCKER_MANIFEST : OCI_MANIFEST;
  const arm = sibling({ architecture: 'arm64', os: 'linux' }, layerType, docker);
  const attestation = sibling(
    { architecture: 'unknown', os: 'unknown' },
    'application/vnd.in-toto+json',
    docker,
  );
  const indexType = docker ? DOCKER_LIST : OCI_INDEX;
  const index = bytesOf(
    {
      schemaVersion: 2,
      mediaType: indexType,
      manifests: [
        descriptorOf(manifestType, manifest, {
          platform: { architecture: 'amd64', os: 'linux', 'os.version': '1.2' },
          ...annotations,
        }),
        descriptorOf(manifestType, arm.manifest, {
          platform: { architecture: 'arm64', os: 'linux', variant: 'v8' },
        }),
        descriptorOf(manifestType, attestation.manifest, {
          platform: { architecture: 'unknown', os: 'unknown' },
          annotations: {
            'vnd.docker.reference.digest': digestOf(arm.manifest),
            'vnd.docker.reference.type': 'attestation-manifest',
          },
        }),
      ],
      ...annotations,
    },
    'index',
    changed('index'),
  );
  const manifests = new Map(
    [manifest, ...(indexed ? [arm.manifest, attestation.manifest] : [])].map((bytes) => [
      digestOf(bytes),
      { bytes, mediaType: manifestType },
    ]),
  );
  if (indexed) manifests.set(digestOf(index), { bytes: index, mediaType: indexType });
  const blobs = new Map<Digest, Uint8Array>(
    [config, layer, shared, ...arm.blobs, ...attestation.blobs].map((bytes) => [digestOf(bytes), bytes]),
  );
  return { manifests, blobs, top: digestOf(indexed ? index : manifest) };
}

/** Another child of the index, with nothing odd in it. */
function sibling(
  platform: Readonly<Record<string, string>>,
  layerType: string,
  docker: boolean,
): { manifest: Uint8Array; blobs: Uint8Array[] } {
  const layer = seededBytes(`layer of ${platform['architecture']}`, 100);
  const config = jsonBytes({ ...platform, rootfs: { type: 'layers', diff_ids: [digestOf(layer)] } });
  const manifest = jsonBytes({
    schemaVersion: 2,
    mediaType: docker ? DOCKER_MANIFEST : OCI_MANIFEST,
    config: descriptorOf(docker ? DOCKER_CONFIG : OCI_CONFIG, config),
    layers: [descriptorOf(layerType, layer)],
  });
  return { manifest, blobs: [config, layer] };
}

/** Changes of one or two parts, each a field or the whole of it. */
export function hostileChanges(digests: readonly string[]): fc.Arbitrary<Change[]> {
  const part = fc.constantFrom<Part>('config', 'manifest', 'index');
  const at = fc.nat(200);
  const value = fc.record({ kind: fc.constant('value' as const), part, at, text: hostileValue(digests) });
  const change: fc.Arbitrary<Change> = fc.oneof(
    { weight: 8, arbitrary: value },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove' as const), part, at }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('document' as const), part, document: fc.nat(200) }),
    },
  );
  return fc.uniqueArray(change, { minLength: 1, maxLength: 2, selector: (one) => one.part });
}
