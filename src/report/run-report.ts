import { z } from 'zod';
import { type Digest, digestSchema } from '../oci/digest.ts';
import { type Fault, failureSchema, faultShape, origins, originSchema, spellFault } from './failure.ts';
import { jsonIn } from '../text/json-in.ts';
import type { Spelling } from '../text/hint.ts';
import { printableJson } from '../text/plain-text.ts';
import { pushTargetSchema } from './push-report.ts';

const bytes = z.int().nonnegative();
const imageSchema = z.strictObject({
  ref: z.string().meta({ description: 'the normalised reference' }),
  names: z.array(z.string()).meta({ description: 'stored names, repository:tag' }),
  origins,
  digest: digestSchema,
  root: digestSchema.meta({ description: 'what readers get that take no sparse index' }),
  mediaType: z.string(),
  platforms: z.array(z.string()),
  size: bytes.meta({ description: 'all blobs that it names, each once' }),
  status: z.enum(['fetched', 'partly stored', 'stored', 'unchanged']).meta({
    description:
      'unchanged: every push target and the release have it, and nothing else was wanted, so its blobs were not looked for',
  }),
  fetchedBytes: bytes,
  cachedBytes: bytes.optional().meta({ description: 'came from the cache' }),
  copier: z.enum(['skopeo', 'direct', 'both', 'none']),
  narrowed: z.boolean().optional(),
  converted: z.boolean().optional(),
  notes: z.array(z.string()),
});

const fileSchema = z.strictObject({ path: z.string(), size: bytes, digest: digestSchema });

const contentSchema = z
  .strictObject({
    asked: digestSchema.meta({
      description: 'of the list and the options, as far as they decide the content',
    }),
    lock: digestSchema.meta({ description: 'of the lock that came of it' }),
    sums: digestSchema.optional().meta({
      description: 'of the sums of the archive, which name each of its files; absent without an archive',
    }),
  })
  .meta({ description: 'absent where images are missing' });

const amount = { blobs: z.int().nonnegative(), bytes };

/** What the cache around the store gave and took, and what went wrong with it. */
const cacheReportSchema = z
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

/** What became of a release: its files, and why it failed where it did. */
const releaseReportSchema = z.strictObject({
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
  failure: z.strictObject({ ...faultShape, hint: z.string() }).optional(),
});

/** `report.json`, version 1: what one run did, with what, and from where each image came. It holds no secret. */
export const runReportSchema = z.strictObject({
  version: z.literal(1),
  tool: z.strictObject({ name: z.string(), version: z.string() }),
  skopeoVersion: z.string().optional(),
  repository: z.string().optional(),
  commit: z.string().optional(),
  workflow: z
    .strictObject({
      run: z.string().meta({ description: 'GITHUB_RUN_ID' }),
      attempt: z.int().nonnegative(),
      job: z.string(),
      asked: digestSchema.meta({ description: 'as in content; there where images are missing, too' }),
    })
    .optional()
    .meta({ description: 'the job that ran; absent outside of GitHub Actions' }),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  seconds: z.number().nonnegative(),
  outcome: z.enum(['done', 'failed', 'warned']).meta({
    description: 'warned: images failed, and the run was told to go on; failed: an image or the release',
  }),
  dryRun: z.boolean().optional(),
  unchanged: z.boolean().optional().meta({
    description:
      'headers alone told that every push target and the release have everything: no manifest was read',
  }),
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
  cache: cacheReportSchema.optional(),
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
  content: contentSchema.optional(),
  push: z.array(pushTargetSchema).optional().meta({ description: 'what each push target got' }),
  release: releaseReportSchema.optional(),
});

/** What a report says of its content; undefined where it says nothing, or has a version that we do not know. */
export function contentIn(report: Uint8Array): RunReport['content'] {
  return z.object({ version: z.literal(1), content: contentSchema }).safeParse(jsonIn(report)).data?.content;
}

/**
 * Whether a report is of the run that made what a lock tells of. Of a run that made nothing, or another thing, it is not,
 * though it may lie there.
 */
export function isReportOf(report: Uint8Array, lock: Digest): boolean {
  const made = z.object({ version: z.literal(1), lock: z.object({ digest: digestSchema }) });
  const digests = [contentIn(report)?.lock, made.safeParse(jsonIn(report)).data?.lock.digest];
  return digests.includes(lock);
}

export type RunReport = z.infer<typeof runReportSchema>;
export type ReleaseReport = z.infer<typeof releaseReportSchema>;
export type ReportedImage = z.infer<typeof imageSchema>;

/** The bytes of `report.json`. */
export function formatRunReport(report: RunReport): string {
  return `${printableJson(report)}\n`;
}

/** The report with the hints of its failures as a front end writes them. */
export function spellReport(report: RunReport, spelling: Spelling): RunReport {
  const spell = <F extends Fault>(fault: F): F => spellFault(fault, spelling);
  const { error, push, release } = report;
  return {
    ...report,
    failed: report.failed.map(spell),
    ...(error === undefined ? {} : { error: spell(error) }),
    ...(push === undefined
      ? {}
      : { push: push.map((target) => ({ ...target, failed: target.failed.map(spell) })) }),
    ...(release?.failure === undefined ? {} : { release: { ...release, failure: spell(release.failure) } }),
  };
}
