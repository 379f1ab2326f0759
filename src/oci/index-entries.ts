import { z } from 'zod';
import { type Descriptor, descriptorSchema, isAttestation, platformOf } from './descriptor.ts';
import { type Digest, digestSchema } from './digest.ts';
import { describeFault, describePart } from './json.ts';
import type { Platform } from './platform.ts';

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
  readonly manifests: readonly Descriptor[];
  readonly faulty: readonly FaultyEntry[];
}

/** In place of a platform that cannot be read: it matches no platform that can be asked for. */
const UNREADABLE = { os: '?', architecture: '?' };

const text = z.string().optional().catch(undefined);
const readable = z
  .object({
    digest: digestSchema.optional().catch(undefined),
    platform: z
      .object({ os: z.string(), architecture: z.string(), variant: text, 'os.version': text })
      .nullish()
      .catch({ ...UNREADABLE, variant: undefined, 'os.version': undefined }),
    annotations: z.object({ 'vnd.docker.reference.type': text }).optional().catch(undefined),
  })
  .catch({ digest: undefined, platform: undefined, annotations: undefined });

/** Reads the entries of an index one by one, so that nonsense in one of them leaves the others as they are. */
export function readEntries(entries: readonly unknown[]): IndexEntries {
  const manifests: Descriptor[] = [];
  const faulty: FaultyEntry[] = [];
  for (const [at, entry] of entries.entries()) {
    const parsed = descriptorSchema.safeParse(entry);
    if (parsed.success) manifests.push(parsed.data);
    else faulty.push(readFaulty(entry, at, parsed.error));
  }
  return { manifests, faulty };
}

function readFaulty(entry: unknown, at: number, error: z.ZodError): FaultyEntry {
  const described = readable.parse(entry);
  return {
    digest: described.digest,
    platform: platformOf(described),
    isAttestation: isAttestation(described),
    fault: `${describeFault(error, entry)} (${describePart(`child ${at + 1}`, entry)})`,
  };
}
