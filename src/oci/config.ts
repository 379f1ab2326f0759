import { z } from 'zod';
import { OciSaveError } from '../errors.ts';
import type { Platform } from './platform.ts';

/** No image config is larger: it is read into memory. */
export const MAX_CONFIG_BYTES = 8 * 1024 * 1024;

const configSchema = z.looseObject({
  os: z.string().nullish(),
  architecture: z.string().nullish(),
  variant: z.string().nullish(),
  'os.version': z.string().nullish(),
  rootfs: z.looseObject({ diff_ids: z.array(z.string()).nullish() }).nullish(),
});

export interface ImageConfig {
  readonly platform: Platform;
  /** Digests of the uncompressed layers, in order. */
  readonly diffIds: readonly string[];
}

/** Reads an image config (image-spec, config.md). Throws `unsupported` where it is none. */
export function parseConfig(bytes: Uint8Array): ImageConfig {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new OciSaveError({ code: 'unsupported', message: 'the image config is not JSON', cause });
  }
  const parsed = configSchema.safeParse(json);
  if (!parsed.success) {
    throw new OciSaveError({
      code: 'unsupported',
      message: 'the image config does not fit the specification',
    });
  }
  const { os, architecture, variant, rootfs } = parsed.data;
  return {
    // Docker's oldest configs leave the system out; they are all Linux.
    platform: {
      os: os || 'linux',
      architecture: architecture || 'amd64',
      variant: variant ?? undefined,
      osVersion: parsed.data['os.version'] ?? undefined,
    },
    diffIds: rootfs?.diff_ids ?? [],
  };
}
