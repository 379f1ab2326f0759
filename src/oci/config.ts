import { z } from 'zod';
import { OciSaveError } from '../errors.ts';
import { formatCount } from '../text/bytes.ts';
import { digestOf, isDigest, shortDigest } from './digest.ts';
import { goConfig } from './go-types.ts';
import { readJson } from './json.ts';
import { type ImageManifest, opaqueLayerTypes } from './manifest.ts';
import { type Platform, toPlatform } from './platform.ts';

/** No image config is larger; it is read into memory. */
export const MAX_CONFIG_BYTES = 8 * 1024 * 1024;

const text = z.string('is not text').nullish();
const configSchema = z.looseObject(
  {
    os: text,
    architecture: text,
    variant: text,
    'os.version': text,
    rootfs: z
      .looseObject(
        { diff_ids: z.array(z.string('is not text'), 'is not a list').nullish() },
        'is not an object',
      )
      .nullish(),
  },
  'is not an object',
);

export interface ImageConfig {
  readonly platform: Platform;
  /** Digests of the uncompressed layers, in order. */
  readonly diffIds: readonly string[];
}

/**
 * Reads the image config (image-spec, config.md) of a manifest. One that lists another number of layers than its manifest
 * is refused: no runtime unpacks such an image, and importers stop there. So is one that they cannot read.
 * @throws OciSaveError `unsupported` where it is not valid; the message names it by its digest
 */
export function parseConfig(bytes: Uint8Array, manifest: ImageManifest): ImageConfig {
  const json = readJson(bytes);
  if ('fault' in json) throw notAConfig(bytes, json.fault);
  const parsed = configSchema.safeParse(json.value);
  const issue = parsed.success ? goConfig(json.value) : parsed.error.issues[0];
  if (!parsed.success || issue !== undefined) {
    // The names of fields are the schema's: they quote nothing of the content.
    const field = (issue?.path ?? []).filter((part) => typeof part === 'string').join('.');
    throw notAConfig(bytes, `${field === '' ? 'it' : `its ${field}`} ${issue?.message ?? 'is wrong'}`);
  }
  const { os, architecture, variant, rootfs } = parsed.data;
  const platform = toPlatform({
    // Docker's oldest configs leave the system out; they are all Linux.
    os: os || 'linux',
    architecture: architecture || 'amd64',
    variant: variant ?? undefined,
    osVersion: parsed.data['os.version'] ?? undefined,
  });
  if (platform === undefined) throw notAConfig(bytes, 'its platform has characters that no platform has');
  const diffIds = rootfs?.diff_ids ?? [];
  const { length: layers } = manifest.layers;
  if (opaqueLayerTypes(manifest).length === 0) {
    if (diffIds.length !== layers) {
      throw notAConfig(bytes, `it lists ${formatCount(diffIds.length, 'layer')}, its manifest ${layers}`);
    }
    if (!diffIds.every(isDigest)) throw notAConfig(bytes, 'its rootfs.diff_ids are not all sha256 digests');
  }
  return { platform, diffIds };
}

function notAConfig(bytes: Uint8Array, why: string): OciSaveError {
  return new OciSaveError({
    code: 'unsupported',
    message: `config ${shortDigest(digestOf(bytes))} is not a valid image config: ${why}`,
  });
}
