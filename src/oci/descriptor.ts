import { z } from 'zod';
import { type Digest, digestOf, digestSchema } from './digest.ts';
import { describeFault, describePart } from './json.ts';
import { isBlobType, isMediaType } from './media-type.ts';
import { type Platform, toPlatform } from './platform.ts';

/** 16 TiB, the largest file of ext4: no disk can keep more, and sums of sizes stay exact. */
export const MAX_BYTES = 2 ** 44;

const MAX_ANNOTATIONS = 1000;
const MAX_URLS = 32;
const MAX_URL_LENGTH = 4096;

const text = z.string('is not text');
export const mediaTypeSchema = text.refine((type) => type === '' || isMediaType(type), 'is not a media type');

const platformFields = z.looseObject(
  { architecture: text.nullish(), os: text.nullish(), variant: text.nullish(), 'os.version': text.nullish() },
  'is not an object',
);
const platformSchema = platformFields.refine((fields) => {
  const platform = platformOf({ platform: fields });
  return platform === undefined || toPlatform(platform) !== undefined;
}, 'has characters that no platform has');

const annotationsSchema = z
  .record(z.string(), text, 'is not an object')
  .refine((all) => Object.keys(all).length <= MAX_ANNOTATIONS, 'has too many entries');

/**
 * A descriptor as image-spec's descriptor.md defines it; unknown fields are kept. Messages continue a sentence that
 * begins with the name of a field.
 */
export const descriptorSchema = z.looseObject(
  {
    mediaType: mediaTypeSchema.nullish().transform((type) => type ?? ''),
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
    artifactType: mediaTypeSchema.nullish(),
  },
  'is not an object',
);

export type Descriptor = z.infer<typeof descriptorSchema>;

/** The platform and the annotations of a descriptor, as far as they can be read. */
interface Described {
  readonly platform?: z.infer<typeof platformFields> | null | undefined;
  readonly annotations?: Readonly<Record<string, string | undefined>> | null | undefined;
}

/** The platform of an entry of an index. Without system or architecture it has none: some tools write both empty. */
export function platformOf({ platform }: Described): Platform | undefined {
  const { os, architecture, variant, 'os.version': osVersion } = platform ?? {};
  if (!os || !architecture) return undefined;
  return { os, architecture, variant: variant ?? undefined, osVersion: osVersion ?? undefined };
}

/**
 * The content that a descriptor embeds (image-spec, descriptor.md, `data`): `wrong` where it is not base64, or not what
 * the descriptor says; undefined where there is none.
 */
export function embeddedIn({ digest, size, data }: Descriptor): Uint8Array | 'wrong' | undefined {
  if (data === undefined || data === null || (data === '' && size > 0)) return undefined;
  if (typeof data !== 'string' || data.length !== 4 * Math.ceil(size / 3)) return 'wrong';
  const bytes = Buffer.from(data, 'base64');
  return bytes.toString('base64') === data && digestOf(bytes) === digest ? new Uint8Array(bytes) : 'wrong';
}

/** BuildKit's mark on a child that attests to another child (moby/buildkit docs/attestations/attestation-storage.md). */
export function isAttestation(descriptor: Described): boolean {
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

/** An entry of an index that is not a valid descriptor. It is an error only where it is needed. */
export interface FaultyEntry {
  readonly digest: Digest | undefined;
  /** As far as it can be read; undefined where it has none. */
  readonly platform: Platform | undefined;
  readonly isAttestation: boolean;
  /** What is wrong with it, as the end of a sentence. */
  readonly fault: string;
}

export interface IndexEntries {
  /** The entries that are valid descriptors. */
  readonly manifests: readonly Descriptor[];
  /** The other entries. */
  readonly faulty: readonly FaultyEntry[];
}

const optionalText = z.string().optional().catch(undefined);
const readable = z
  .object({
    digest: digestSchema.optional().catch(undefined),
    platform: z
      .object({ os: z.string(), architecture: z.string(), variant: optionalText, 'os.version': optionalText })
      .nullish()
      // A platform that cannot be read matches no platform that a user can ask for.
      .catch({ os: '?', architecture: '?', variant: undefined, 'os.version': undefined }),
    annotations: z.object({ 'vnd.docker.reference.type': optionalText }).optional().catch(undefined),
  })
  .catch({ digest: undefined, platform: undefined, annotations: undefined });

/** Reads the entries of an index one by one, so that nonsense in one of them leaves the others as they are. */
export function readEntries(entries: readonly unknown[]): IndexEntries {
  const manifests: Descriptor[] = [];
  const faulty: FaultyEntry[] = [];
  for (const [at, entry] of entries.entries()) {
    const { success, data, error } = descriptorSchema.safeParse(entry);
    if (!success) faulty.push(readFaulty(entry, at, describeFault(error, entry)));
    // Asked for as a manifest it would be 404.
    else if (isBlobType(data.mediaType)) faulty.push(readFaulty(entry, at, 'it lists a blob as a manifest'));
    else manifests.push(data);
  }
  return { manifests, faulty };
}

function readFaulty(entry: unknown, at: number, fault: string): FaultyEntry {
  const described = readable.parse(entry);
  return {
    digest: described.digest,
    platform: platformOf(described),
    isAttestation: isAttestation(described),
    fault: `${fault} (${describePart(`child ${at + 1}`, entry)})`,
  };
}
