import { z } from 'zod';
import { digestSchema } from './digest.ts';
import type { Platform } from './platform.ts';

const platformSchema = z.looseObject({
  architecture: z.string(),
  os: z.string(),
  variant: z.string().optional(),
  'os.version': z.string().optional(),
});

const annotationsSchema = z.record(z.string(), z.string());

/** A descriptor as image-spec's descriptor.md defines it; fields that we do not know are let through. */
export const descriptorSchema = z.looseObject({
  mediaType: z.string().default(''),
  digest: digestSchema,
  size: z.int().nonnegative(),
  urls: z.array(z.string()).nullish(),
  annotations: annotationsSchema.nullish(),
  platform: platformSchema.nullish(),
  artifactType: z.string().nullish(),
});

export type Descriptor = z.infer<typeof descriptorSchema>;

export function platformOf(descriptor: Descriptor): Platform | undefined {
  const { platform } = descriptor;
  if (!platform) return undefined;
  const { os, architecture, variant } = platform;
  return { os, architecture, variant, osVersion: platform['os.version'] };
}

/** BuildKit's mark on a child that attests to another child (moby/buildkit docs/attestations/attestation-storage.md). */
export function isAttestation(descriptor: Descriptor): boolean {
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
