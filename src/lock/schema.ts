import { z } from 'zod';
import { digestSchema } from '../oci/digest.ts';

const platformName = z.string().meta({ description: 'os/architecture[/variant][:os.version]' });

const leafSchema = z.strictObject({
  digest: digestSchema,
  mediaType: z.string(),
  platform: platformName.optional().meta({ description: 'absent for an artifact' }),
  attests: digestSchema.optional().meta({ description: 'the leaf that this attestation belongs to' }),
  config: digestSchema,
  layers: z.array(digestSchema),
});

const imageSchema = z.strictObject({
  ref: z.string().meta({ description: 'the normalised reference' }),
  names: z.array(z.string()).min(1).meta({ description: 'stored names, repository:tag' }),
  source: z.enum(['docker', 'docker-archive', 'oci']),
  digest: digestSchema.meta({ description: 'what the source served, or the result of a conversion' }),
  mediaType: z.string(),
  root: digestSchema.meta({
    description: 'what stands in the flat layout for readers that take no sparse index',
  }),
  rootMediaType: z.string(),
  converted: z
    .record(z.string(), digestSchema)
    .optional()
    .meta({ description: 'old digest to new; empty where the source has no digest' }),
  imageId: digestSchema.optional(),
  diffIds: z.array(z.string()).optional(),
  platforms: z.array(platformName),
  leaves: z.array(leafSchema),
  referrers: z.array(digestSchema),
});

/** The lock, version 1: all resolved images of a list, content only. */
export const lockSchema = z.strictObject({
  version: z.literal(1),
  images: z.array(imageSchema),
  files: z.array(z.strictObject({ path: z.string(), digest: digestSchema, size: z.int().nonnegative() })),
  blobs: z.record(z.string(), z.int().nonnegative()).meta({ description: 'digest to size, in bytes' }),
});

export type Lock = z.infer<typeof lockSchema>;
export type LockedImage = z.infer<typeof imageSchema>;
export type Leaf = z.infer<typeof leafSchema>;
