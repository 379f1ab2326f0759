import { z } from 'zod';
import { digestSchema } from '../oci/digest.ts';
import { MAX_REFERRERS, subjectOfCosignTag } from '../oci/referrer.ts';
import {
  artifactTypeSchema,
  cosignTagSchema,
  digestTextSchema,
  filePathSchema,
  isReference,
  leafTypeSchema,
  manifestTypeSchema,
  platformSchema,
  referenceSchema,
  storedNameSchema,
} from './grammar.ts';
import { taggedDigest } from './tagged.ts';

/**
 * Bounds that no real lock reaches: an image has at most 5000 manifests (the bound in resolve), and a manifest of 8 MiB
 * has less than 100,000 layers.
 */
const MAX_IMAGES = 1_000_000;
const MAX_NAMES = 100_000;
const MAX_LEAVES = 5000;
const MAX_LAYERS = 100_000;

const leafSchema = z.strictObject({
  digest: digestSchema,
  mediaType: leafTypeSchema,
  platform: platformSchema.optional().meta({ description: 'absent for an artifact' }),
  attests: digestSchema.optional().meta({ description: 'the leaf that this attestation belongs to' }),
  config: digestSchema,
  layers: z.array(digestSchema).max(MAX_LAYERS),
});

const referrerSchema = z
  .strictObject({
    digest: digestSchema,
    mediaType: manifestTypeSchema,
    artifactType: artifactTypeSchema.optional(),
    subject: digestSchema.meta({ description: 'the manifest to which it belongs' }),
    tag: cosignTagSchema.optional(),
  })
  .refine(({ subject, tag }) => tag === undefined || subjectOfCosignTag(tag) === subject, {
    error: 'is not the tag of its subject',
    path: ['tag'],
  });

/** In the order in which locks are written, which is that of an image that was read, too. */
const imageShape = z.strictObject({
  ref: referenceSchema,
  names: z.array(storedNameSchema).min(1).max(MAX_NAMES).meta({ description: 'stored names' }),
  source: z.enum([
    'docker',
    'docker-archive',
    'oci',
    'oci-archive',
    'dir',
    'docker-daemon',
    'containers-storage',
  ]),
  digest: digestSchema.meta({
    description: 'as the source served it; of a source without digests, the result of the conversion',
  }),
  mediaType: manifestTypeSchema,
  root: digestSchema.meta({
    description: 'what the flat layout has for readers that do not take a sparse index',
  }),
  rootMediaType: manifestTypeSchema,
  converted: z
    .record(digestTextSchema, digestSchema)
    .optional()
    .meta({ description: 'old digest to new; empty where the source has no digest' }),
  imageId: digestSchema.optional(),
  diffIds: z.array(digestTextSchema).max(MAX_LAYERS).optional(),
  index: z.enum(['keep', 'narrow']).optional().meta({
    description: 'what was asked for of an index without all of its platforms, where that is not auto',
  }),
  format: z.literal('oci').optional().meta({ description: 'where manifests of Docker were converted' }),
  platforms: z.array(platformSchema).max(MAX_LEAVES),
  leaves: z.array(leafSchema).max(MAX_LEAVES),
  referrers: z.array(referrerSchema).max(MAX_REFERRERS).meta({
    description: 'signatures and whatever else refers to its manifests, or to one of these',
  }),
});

/**
 * One image of a lock, checked on its own. Every image that resolve makes passes: names, platforms and types fit the
 * grammars of lists, since readers of the lock join them into paths and addresses.
 */
export const lockedImageSchema = imageShape.superRefine(({ ref, source }, context) => {
  if (source === 'docker' && !isReference(ref)) {
    context.addIssue({ code: 'custom', path: ['ref'], message: 'is not a valid image reference' });
  }
});

/** The lock, version 1: all resolved images of a list, content only. `blobs` contains each blob that an image names. */
export const lockSchema = z
  .strictObject({
    version: z.literal(1),
    images: z.array(lockedImageSchema).max(MAX_IMAGES),
    files: z
      .array(z.strictObject({ path: filePathSchema, digest: digestSchema, size: z.int().nonnegative() }))
      .max(MAX_IMAGES),
    blobs: z
      .record(digestTextSchema, z.int().nonnegative())
      .meta({ description: 'digest to size, in bytes' }),
  })
  .superRefine(({ images, blobs }, context) => {
    for (const [at, image] of images.entries()) {
      const field = fieldOutside(image, blobs);
      if (field === undefined) continue;
      const path = ['images', at, ...field];
      context.addIssue({ code: 'custom', path, message: 'is not among the blobs' });
    }
  });

export type Lock = z.infer<typeof lockSchema>;
export type LockedImage = z.infer<typeof lockedImageSchema>;
export type LockedReferrer = z.infer<typeof referrerSchema>;
export type Leaf = z.infer<typeof leafSchema>;

/** The field of an image's first blob that is not in `blobs`; undefined where all of them are. */
function fieldOutside(image: LockedImage, blobs: Lock['blobs']): (string | number)[] | undefined {
  const { root, leaves, referrers } = image;
  type Named = readonly [field: (string | number)[], digest: string];
  const named: Named[] = [
    [['digest'], taggedDigest(image)],
    [['root'], root],
    ...leaves.flatMap((leaf, at): Named[] => [
      [['leaves', at, 'digest'], leaf.digest],
      [['leaves', at, 'config'], leaf.config],
      ...leaf.layers.map((layer, nth): Named => [['leaves', at, 'layers', nth], layer]),
    ]),
    ...referrers.flatMap((one, at): Named[] => [
      [['referrers', at, 'digest'], one.digest],
      [['referrers', at, 'subject'], one.subject],
    ]),
  ];
  // A digest cannot be the name of an object's own method.
  return named.find(([, one]) => blobs[one] === undefined)?.[0];
}
