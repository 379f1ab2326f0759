import { z } from 'zod';
import { digestSchema } from './digest.ts';
import { isMediaType } from './media-type.ts';
import { type Platform, toPlatform } from './platform.ts';

/** 16 TiB, the largest file of ext4: what claims more can be kept on no disk, and sums of sizes stay exact. */
export const MAX_BYTES = 2 ** 44;

const MAX_ANNOTATIONS = 1000;
const MAX_URLS = 32;
const MAX_URL_LENGTH = 4096;

const text = z.string('is not text');
const mediaType = text.refine((type) => type === '' || isMediaType(type), 'is not a media type');

/** Without system or architecture it says nothing: some tools write both empty. */
const platformSchema = z
  .looseObject(
    {
      architecture: text.nullish(),
      os: text.nullish(),
      variant: text.nullish(),
      'os.version': text.nullish(),
    },
    'is not an object',
  )
  .refine((written) => {
    const platform = asPlatform(written);
    return platform === undefined || toPlatform(platform) !== undefined;
  }, 'has characters that no platform has');

const annotationsSchema = z
  .record(z.string(), text, 'is not an object')
  .refine((all) => Object.keys(all).length <= MAX_ANNOTATIONS, 'has too many entries');

/**
 * A descriptor as image-spec's descriptor.md defines it; fields that we do not know are let through. Messages go on after
 * the name of a field.
 */
export const descriptorSchema = z.looseObject(
  {
    mediaType: mediaType.nullish().transform((type) => type ?? ''),
    digest: digestSchema,
    size: z
      .number('is not a number of bytes')
      .refine((size) => Number.isInteger(size) && size >= 0, 'is not a number of bytes')
      .refine((size) => size <= MAX_BYTES, 'is more than any disk holds'),
    urls: z
      .array(text.max(MAX_URL_LENGTH, 'is too long'), 'is not a list')
      .max(MAX_URLS, 'has too many addresses')
      .nullish(),
    annotations: annotationsSchema.nullish(),
    platform: platformSchema.nullish(),
    artifactType: mediaType.nullish(),
  },
  'is not an object',
);

export type Descriptor = z.infer<typeof descriptorSchema>;

interface WrittenPlatform {
  readonly os?: string | null | undefined;
  readonly architecture?: string | null | undefined;
  readonly variant?: string | null | undefined;
  readonly 'os.version'?: string | null | undefined;
}

function asPlatform(written: WrittenPlatform): Platform | undefined {
  const { os, architecture, variant } = written;
  if (!os || !architecture) return undefined;
  return {
    os,
    architecture,
    variant: variant ?? undefined,
    osVersion: written['os.version'] ?? undefined,
  };
}

/** The platform that an entry of an index names. */
export function platformOf({
  platform,
}: {
  readonly platform?: WrittenPlatform | null | undefined;
}): Platform | undefined {
  return platform ? asPlatform(platform) : undefined;
}

/** BuildKit's mark on a child that attests to another child (moby/buildkit docs/attestations/attestation-storage.md). */
export function isAttestation(descriptor: {
  readonly platform?: WrittenPlatform | null | undefined;
  readonly annotations?: Descriptor['annotations'];
}): boolean {
  const platform = platformOf(descriptor);
  return (
    descriptor.annotations?.['vnd.docker.reference.type'] === 'attestation-manifest' ||
    (platform?.os === 'unknown' && platform.architecture === 'unknown')
  );
}

/** The digest of the child to which an attestation belongs, where it names one. */
export function attestedDigest(descriptor: Descriptor): string | undefined {
  return descriptor.annotations?.['vnd.docker.reference.digest'];
}
