import { z } from 'zod';
import { OciSaveError } from '../errors.ts';
import {
  type Descriptor,
  descriptorSchema,
  type IndexEntries,
  mediaTypeSchema,
  readEntries,
} from './descriptor.ts';
import { goManifest } from './go-types.ts';
import { describeFault, readJson } from './json.ts';
import {
  bareType,
  DOCKER_CONFIG,
  DOCKER_MANIFEST,
  isBuildCacheType,
  isIndexType,
  isLayerType,
  isManifestType,
  isRetiredArtifactType,
  isSchema1Type,
  isTarLayerType,
  OCI_CONFIG,
  OCI_INDEX,
  OCI_MANIFEST,
} from './media-type.ts';

/** No manifest is larger; distribution-spec lets registries stop at 4 MiB. */
export const MAX_MANIFEST_BYTES = 8 * 1024 * 1024;

const common = {
  mediaType: mediaTypeSchema.nullish(),
  artifactType: mediaTypeSchema.nullish(),
  subject: descriptorSchema.nullish(),
};

const manifestSchema = z.looseObject({
  config: descriptorSchema,
  layers: z.array(descriptorSchema, 'is not a list').nullish(),
  ...common,
});

const indexSchema = z.looseObject({
  manifests: z.array(z.unknown(), 'is not a list'),
  ...common,
});

interface CommonFields {
  readonly mediaType: string;
  readonly artifactType: string | undefined;
  readonly subject: Descriptor | undefined;
}

export interface ImageManifest extends CommonFields {
  readonly kind: 'manifest';
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

export interface ImageIndex extends CommonFields, IndexEntries {
  readonly kind: 'index';
}

export type Manifest = ImageManifest | ImageIndex;

/**
 * Reads a manifest or index. Its type is the one in the body, else the one of its shape: proxies serve the right bytes
 * under wrong headers. `header` is only used to describe what was served instead of a manifest. What readers in Go refuse,
 * or read in another way, is refused. Another faulty entry of an index is not an error here, since not all are needed.
 * @throws OciSaveError `unsupported` for schema 1, web pages and anything that is not a manifest
 */
export function parseManifest(bytes: Uint8Array, header = ''): Manifest {
  const json = parseJson(bytes, header);
  const shape = z.looseObject({}).safeParse(json);
  if (!shape.success) throw notAManifest('its body is JSON, but not an object');
  const { schemaVersion, mediaType, manifests, config, layers, fsLayers, blobs } = shape.data;
  if (
    schemaVersion === 1 ||
    fsLayers !== undefined ||
    (typeof mediaType === 'string' && isSchema1Type(mediaType))
  ) {
    throw new OciSaveError({
      code: 'unsupported',
      message: 'this is a Docker schema 1 manifest, a format that was given up in 2019',
      hint: 'Push the image again with a current tool, then save it.',
    });
  }
  if (typeof mediaType === 'string' ? isRetiredArtifactType(mediaType) : isList(blobs)) {
    throw new OciSaveError({
      code: 'unsupported',
      message: 'this is an artifact manifest, a format that was given up before image-spec 1.1',
      hint: 'Push the artifact again with a current tool, then save it.',
    });
  }
  if (isList(manifests) && config === undefined && layers === undefined) return toIndex(json);
  if (config !== undefined && manifests === undefined) return toManifest(json);
  if (config !== undefined || isList(manifests))
    throw notAManifest('it has the fields of an image manifest and those of an index');
  if (manifests === null) throw notAManifest('its list of manifests is null');
  if (isList(layers)) throw notAManifest('it has layers, but no config');
  throw notAManifest('it has neither the fields of an image manifest nor those of an index');
}

/** The same of an image. Throws `unsupported` also for an index. */
export function parseImageManifest(bytes: Uint8Array): ImageManifest {
  const manifest = parseManifest(bytes);
  if (manifest.kind === 'manifest') return manifest;
  throw new OciSaveError({ code: 'unsupported', message: 'this is an index, not an image' });
}

const isList = (value: unknown): boolean => Array.isArray(value);

function parseJson(bytes: Uint8Array, header: string): unknown {
  const json = readJson(bytes);
  if (!('fault' in json)) return json.value;
  const begin = new TextDecoder().decode(bytes.subarray(0, 1024));
  if (!/^\s*</.test(begin) && bareType(header) !== 'text/html') throw notAManifest(json.fault);
  throw new OciSaveError({
    code: 'unsupported',
    message: 'a web page was served instead of a manifest',
    hint: 'There may be a proxy or a login page in front of the registry: open the address in a browser.',
  });
}

function toManifest(json: unknown): ImageManifest {
  const parsed = manifestSchema.safeParse(json);
  if (!parsed.success) throw notAManifest(describeFault(parsed.error, json));
  refuseForGo(json);
  const { mediaType, config, layers, artifactType, subject } = parsed.data;
  if (mediaType && !isManifestType(mediaType)) throw notAManifest(`it calls itself '${mediaType}'`);
  return {
    kind: 'manifest',
    mediaType: mediaType || (config.mediaType === DOCKER_CONFIG ? DOCKER_MANIFEST : OCI_MANIFEST),
    config,
    layers: layers ?? [],
    artifactType: artifactType || undefined,
    subject: subject ?? undefined,
  };
}

function toIndex(json: unknown): ImageIndex {
  const parsed = indexSchema.safeParse(json);
  if (!parsed.success) throw notAManifest(describeFault(parsed.error, json));
  refuseForGo(json);
  const { mediaType, manifests, artifactType, subject } = parsed.data;
  if (mediaType && !isIndexType(mediaType)) throw notAManifest(`it calls itself '${mediaType}'`);
  const entries = readEntries(manifests);
  if (entries.manifests.some((entry) => isBuildCacheType(entry.mediaType))) {
    throw new OciSaveError({
      code: 'unsupported',
      message: 'this is a build cache of BuildKit: an index of layers, not of images',
      hint: 'Leave it out, or export the cache with image-manifest=true: then it is an artifact, and is saved.',
    });
  }
  return {
    kind: 'index',
    mediaType: mediaType || OCI_INDEX,
    ...entries,
    artifactType: artifactType || undefined,
    subject: subject ?? undefined,
  };
}

/** One entry of an index that Go cannot read makes the whole index unreadable, whatever platform it is for. */
function refuseForGo(json: unknown): void {
  const fault = goManifest(json);
  if (fault !== undefined) throw notAManifest(describeFault({ issues: [fault] }, json));
}

function notAManifest(why: string): OciSaveError {
  return new OciSaveError({ code: 'unsupported', message: `what was served is not a manifest: ${why}` });
}

/**
 * Whether a manifest is a container image; everything else is an artifact, which has no platform. Early Docker
 * builders typed the config of a v2s2 image as an octet stream; cosign gives its signatures an image's config.
 */
export function isImage({ artifactType, mediaType, config, layers }: ImageManifest): boolean {
  if (artifactType !== undefined) return false;
  if (layers.length > 0 && !layers.some((layer) => isLayerType(layer.mediaType))) return false;
  if (config.mediaType === OCI_CONFIG || config.mediaType === DOCKER_CONFIG) return true;
  const untyped = config.mediaType === 'application/octet-stream' || config.mediaType === '';
  return mediaType === DOCKER_MANIFEST && untyped;
}

/** The types of an image's layers that importers cannot unpack; none of an artifact, of which they unpack nothing. */
export function opaqueLayerTypes(manifest: ImageManifest): string[] {
  if (!isImage(manifest)) return [];
  const types = new Set(manifest.layers.map(({ mediaType }) => mediaType));
  return [...types].filter((type) => !isTarLayerType(type));
}

/** The blobs of an image manifest, each once: its config and its layers. */
export function blobsOf(manifest: ImageManifest): Descriptor[] {
  const byDigest = new Map([manifest.config, ...manifest.layers].map((blob) => [blob.digest, blob]));
  return [...byDigest.values()];
}
