import { z } from 'zod';
import { type FailureClass, failureClassOf, OciSaveError } from '../errors.ts';
import { digestSchema } from '../oci/digest.ts';
import { causeTexts } from './causes.ts';
import { plainText } from './plain-text.ts';

const FAILURE_CLASSES = [
  'not-found',
  'denied',
  'quota',
  'network',
  'digest',
  'unsupported',
  'local',
] as const satisfies readonly FailureClass[];

const bytes = z.int().nonnegative();
const originSchema = z.strictObject({ file: z.string(), line: z.int().positive() });
const origins = z.array(originSchema).meta({ description: 'where the image stands in the lists' });

const imageSchema = z.strictObject({
  ref: z.string().meta({ description: 'the normalised reference' }),
  names: z.array(z.string()).meta({ description: 'stored names, repository:tag' }),
  origins,
  digest: digestSchema,
  root: digestSchema.meta({ description: 'what readers get that take no sparse index' }),
  mediaType: z.string(),
  platforms: z.array(z.string()),
  size: bytes.meta({ description: 'all blobs that it names, each once' }),
  status: z.enum(['fetched', 'partly stored', 'stored']),
  fetchedBytes: bytes,
  cachedBytes: bytes.optional().meta({ description: 'came from the cache' }),
  copier: z.enum(['skopeo', 'direct', 'both', 'none']),
  narrowed: z.boolean().optional(),
  converted: z.boolean().optional(),
  notes: z.array(z.string()),
});

const faultShape = {
  class: z.enum(FAILURE_CLASSES),
  message: z.string(),
  hint: z.string().optional().meta({ description: 'the remedy' }),
};

const failureSchema = z.strictObject({ ref: z.string(), origins, ...faultShape });

const amount = { blobs: z.int().nonnegative(), bytes };

const cacheSchema = z
  .strictObject({
    mode: z.enum(['read-write', 'read', 'write']),
    unavailable: z.string().optional().meta({ description: 'why the cache was not used' }),
    restored: z.strictObject(amount).meta({ description: 'came from the cache' }),
    saved: z.strictObject({ packs: z.int().nonnegative(), ...amount }),
    withheld: z
      .strictObject({ images: z.int().nonnegative(), ...amount })
      .meta({ description: 'not saved: fetched with credentials, and strangers may read the cache' }),
    entries: z.int().nonnegative().meta({ description: 'what the cache has of this list now' }),
    bytes: bytes.meta({ description: 'of its packs' }),
    troubles: z.array(z.string()).meta({ description: 'what went wrong; it cost time, nothing else' }),
  })
  .meta({ description: 'the cache around the store, where one was wanted' });

const fileSchema = z.strictObject({ path: z.string(), size: bytes, digest: digestSchema });

/** What became of a release: its files, and why it failed where it did. */
export const releaseReportSchema = z.strictObject({
  repository: z.string().meta({ description: 'owner/name' }),
  tag: z.string(),
  url: z.string().optional().meta({ description: 'its page; absent where it is not there' }),
  draft: z.boolean().optional(),
  assets: z.array(
    z.strictObject({
      name: z.string(),
      size: bytes,
      digest: digestSchema.optional().meta({ description: 'absent in a dry run that has not all blobs' }),
      status: z.enum(['sent', 'replaced', 'there', 'kept', 'planned']).meta({
        description: 'kept: of another digest, and left as it is; planned: a dry run would send it',
      }),
    }),
  ),
  removed: z.array(z.string()).meta({ description: 'files of an earlier archive that went' }),
  failure: z
    .strictObject({ class: z.enum(FAILURE_CLASSES), message: z.string(), hint: z.string() })
    .optional(),
});

/** `report.json`, version 1: what one run did, with what, and from where each image came. It holds no secret. */
export const runReportSchema = z.strictObject({
  version: z.literal(1),
  tool: z.strictObject({ name: z.string(), version: z.string() }),
  skopeoVersion: z.string().optional(),
  repository: z.string().optional(),
  commit: z.string().optional(),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  seconds: z.number().nonnegative(),
  outcome: z.enum(['done', 'failed', 'warned']).meta({
    description: 'warned: images failed, and the run was told to go on; failed: an image or the release',
  }),
  dryRun: z.boolean().optional(),
  options: z.record(z.string(), z.unknown()).meta({ description: 'as given, without secrets' }),
  lists: z.array(z.strictObject({ file: z.string(), format: z.string(), count: z.int().nonnegative() })),
  images: z.array(imageSchema),
  failed: z.array(failureSchema),
  error: z
    .strictObject(faultShape)
    .optional()
    .meta({ description: 'why the result of whole images could not be made; what was made stands below' }),
  warnings: z.array(z.strictObject({ message: z.string(), origin: originSchema.optional() })),
  candidates: z
    .array(z.strictObject({ text: z.string(), origin: originSchema, why: z.string() }))
    .meta({ description: 'what is probably an image and was not saved without a yes' }),
  rejects: z
    .array(
      z.strictObject({
        text: z.string(),
        origin: originSchema,
        reason: z.string(),
        hint: z.string().optional(),
      }),
    )
    .meta({ description: 'what looked like an image and could not be understood' }),
  totals: z.strictObject({
    images: z.int().nonnegative(),
    blobs: z.int().nonnegative(),
    bytes,
    fetchedBytes: bytes,
    storedBytes: bytes.meta({ description: 'were in the store before the run' }),
    manifests: z.int().nonnegative().optional(),
  }),
  cache: cacheSchema.optional(),
  bundle: z.strictObject({ path: z.string() }).optional(),
  lock: z.strictObject({ path: z.string(), digest: digestSchema }).optional(),
  archive: fileSchema
    .extend({
      parts: z
        .array(fileSchema)
        .optional()
        .meta({ description: 'where it was cut; there is no file at path then' }),
    })
    .optional(),
  release: releaseReportSchema.optional(),
});

export type RunReport = z.infer<typeof runReportSchema>;
export type ReleaseReport = z.infer<typeof releaseReportSchema>;
export type ReportedImage = z.infer<typeof imageSchema>;
export type ReportedOrigin = z.infer<typeof originSchema>;
/** One image that failed, as the summary, `failed` and `report.json` have it. */
export type Failure = z.infer<typeof failureSchema>;

/** What helps against a kind of failure, where the error itself knows nothing better. */
const REMEDIES: Record<FailureClass, string> = {
  'not-found':
    'Check name, tag and registry. Images move and go: an earlier lock or bundle may have the digest.',
  denied: 'Log in with docker login or podman login, or name a file with --auth-file.',
  quota: 'Log in for a larger quota, or wait: what was fetched stays.',
  network:
    'Run it again: what was fetched stays. If it comes back, look at the registry, the proxy and the line.',
  digest: 'Wrong data is never kept. Ask the registry’s owner, or fetch the image from elsewhere.',
  unsupported: 'Push the image again with a current tool, or leave it out.',
  local: 'Look at this machine: disk, permissions, programs. Run it again with --verbose to see more.',
};

/** The bytes of `report.json`. */
export function formatRunReport(report: RunReport): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}

/**
 * An error as a machine and the table at the end have it. The message holds the words of the causes too, each
 * once, on one line; an error without a class is a fault on this machine.
 */
export function failureOf(error: unknown, ref: string, origins: readonly ReportedOrigin[]): Failure {
  return { ref, origins: [...origins], ...faultOf(error) };
}

/** The same of an error that is no single image's: of a release, or of what could not be written. */
export function faultOf(error: unknown): { class: FailureClass; message: string; hint: string } {
  const failureClass = failureClassOf(error);
  const hint = (error instanceof OciSaveError ? error.hint : undefined) ?? REMEDIES[failureClass];
  return {
    class: failureClass,
    message: plainText(causeTexts(error).join(': ')) || 'failed without a word',
    hint: plainText(hint),
  };
}
