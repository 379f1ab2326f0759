import { z } from 'zod';
import { type Digest, digestSchema } from '../oci/digest.ts';
import { type Fault, failureSchema, faultShape, origins, originSchema, spellFault } from './failure.ts';
import { jsonIn } from '../text/json-in.ts';
import type { Spelling } from '../text/hint.ts';
import { printableJson } from '../text/plain-text.ts';
import type { OwnFileKind } from '../text/own-file-kind.ts';
import { count, pushTargetSchema } from './push-report.ts';

const imageSchema = z.strictObject({
  ref: z.string().meta({ description: 'the normalised reference' }),
  names: z.array(z.string()).meta({ description: 'stored names, repository:tag' }),
  origins,
  digest: digestSchema,
  root: digestSchema.meta({ description: 'what readers that do not take a sparse index get' }),
  mediaType: z.string(),
  platforms: z.array(z.string()),
  missingPlatforms: z.array(z.string()).optional().meta({
    description: 'wanted, and not in the image: on-missing-platform is warn',
  }),
  size: count.meta({ description: 'of all blobs that it names, each once' }),
  status: z.enum(['fetched', 'partly stored', 'stored', 'unchanged']).meta({
    description:
      'unchanged: every push target and the release have it, and nothing else was asked for, so its blobs were not looked up',
  }),
  fetchedBytes: count,
  cachedBytes: count.optional().meta({ description: 'came from the cache' }),
  copier: z.enum(['skopeo', 'direct', 'both', 'none']),
  narrowed: z.boolean().optional(),
  converted: z.boolean().optional(),
  referrers: count.optional().meta({
    description: 'signatures and other referrers that are saved with it; absent where none was looked for',
  }),
  notes: z.array(z.string()),
});

const fileSchema = z.strictObject({ path: z.string(), size: count, digest: digestSchema });

const contentSchema = z
  .strictObject({
    asked: digestSchema.meta({
      description: 'of the list and the options, as far as they decide the content',
    }),
    lock: digestSchema.meta({ description: 'of the resulting lock' }),
    sums: digestSchema.optional().meta({
      description: 'of the sums of the archive, which name each of its files; absent without an archive',
    }),
  })
  .meta({ description: 'absent where images are missing' });

const amount = { blobs: count, bytes: count };

/** What the cache around the store provided and received, and what went wrong with it. */
const cacheReportSchema = z
  .strictObject({
    mode: z.enum(['read-write', 'read', 'write']),
    unavailable: z.string().optional().meta({ description: 'why the cache was not used' }),
    restored: z.strictObject(amount).meta({ description: 'came from the cache' }),
    saved: z.strictObject({ packs: count, ...amount }),
    saving: z
      .strictObject({ packs: count, ...amount })
      .optional()
      .meta({ description: 'what was still on its way to it when this report was written' }),
    withheld: z
      .strictObject({ images: count, ...amount })
      .meta({ description: 'not saved: fetched with credentials, and others may read the cache' }),
    entries: count.meta({ description: 'what the cache has for this list now' }),
    bytes: count.meta({ description: 'of its packs' }),
    troubles: z.array(z.string()).meta({ description: 'what went wrong; it only cost time' }),
  })
  .meta({ description: 'the cache around the store, if the run was to use one' });

/** The result of a release: its files, and why it failed if it did. */
const releaseReportSchema = z.strictObject({
  repository: z.string().meta({ description: 'owner/name' }),
  tag: z.string(),
  url: z.string().optional().meta({ description: 'its page; absent where the release does not exist' }),
  id: z.int().optional().meta({ description: 'its number in the API; absent as its page is' }),
  draft: z.boolean().optional(),
  published: z.boolean().optional().meta({ description: 'true where it was a draft until this run' }),
  archive: z
    .strictObject({ size: count, digest: digestSchema })
    .optional()
    .meta({ description: 'the whole archive, which the release may have in parts' }),
  assets: z.array(
    z.strictObject({
      name: z.string(),
      size: count,
      digest: digestSchema
        .optional()
        .meta({ description: 'absent in a dry run that does not have all blobs' }),
      status: z.enum(['sent', 'replaced', 'there', 'kept', 'planned']).meta({
        description: 'kept: has another digest and was left as it is; planned: a dry run would send it',
      }),
      id: z.int().optional().meta({ description: 'its number in the API; absent where it is not there' }),
      url: z.string().optional().meta({ description: 'where it is downloaded' }),
    }),
  ),
  removed: z.array(z.string()).meta({ description: 'files of an earlier archive that were removed' }),
  failure: z.strictObject({ ...faultShape, hint: z.string() }).optional(),
});

/** `report.json`, version 1: what one run did, with which tools, and where each image came from. It contains no secret. */
export const runReportSchema = z.strictObject({
  version: z.literal(1),
  tool: z.strictObject({ name: z.string(), version: z.string() }),
  skopeoVersion: z.string().optional(),
  repository: z.string().optional(),
  commit: z.string().optional(),
  workflow: z
    .strictObject({
      run: z.string().meta({ description: 'GITHUB_RUN_ID' }),
      attempt: count,
      job: z.string(),
      asked: digestSchema.meta({ description: 'as in content; present even if images are missing' }),
    })
    .optional()
    .meta({ description: 'the job that ran; absent outside of GitHub Actions' }),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  seconds: z.number().nonnegative(),
  outcome: z.enum(['done', 'failed', 'warned']).meta({
    description: 'warned: images failed, and on-error is warn; failed: an image or the release failed',
  }),
  dryRun: z.boolean().optional(),
  unchanged: z.boolean().optional().meta({
    description:
      'response headers alone showed that every push target and the release have everything: no manifest was read',
  }),
  options: z.record(z.string(), z.unknown()).meta({ description: 'as given, without secrets' }),
  lists: z.array(z.strictObject({ file: z.string(), format: z.string(), count: count })),
  images: z.array(imageSchema),
  failed: z.array(failureSchema),
  error: z.strictObject(faultShape).optional().meta({
    description:
      'why the result could not be written although images were complete; what was written is below',
  }),
  warnings: z.array(
    z.strictObject({
      text: z.string().optional().meta({ description: 'the entry of a list that the message is about' }),
      message: z.string(),
      origin: originSchema.optional(),
    }),
  ),
  leftOut: z
    .array(
      z.strictObject({
        rule: z.string().meta({ description: 'in normal form' }),
        place: z.string().optional().meta({ description: 'file:line of a rule that a list has' }),
        count,
      }),
    )
    .optional()
    .meta({ description: 'how many images the rules of ignore, and those of lists, leave out' }),
  candidates: z
    .array(z.strictObject({ text: z.string(), origin: originSchema, why: z.string() }))
    .meta({ description: 'what is probably an image, and was not saved without a confirmation' }),
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
    images: count,
    blobs: count,
    bytes: count,
    fetchedBytes: count,
    storedBytes: count.meta({ description: 'were in the store before the run' }),
    manifests: count.optional(),
  }),
  cache: cacheReportSchema.optional(),
  quotas: z
    .array(
      z.strictObject({
        host: z.string(),
        remaining: count,
        limit: count.optional(),
        seconds: count.optional().meta({ description: 'in which the limit counts' }),
      }),
    )
    .optional()
    .meta({ description: 'pulls that registries still give, as they last said; absent where none said it' }),
  bundle: z
    .strictObject({
      path: z.string(),
      unchanged: z
        .boolean()
        .optional()
        .meta({ description: 'it had all of it already, and was left as it is' }),
    })
    .optional(),
  lock: z.strictObject({ path: z.string(), digest: digestSchema }).optional(),
  archive: fileSchema
    .extend({
      parts: z
        .array(fileSchema)
        .optional()
        .meta({ description: 'where it was split; there is no file at path then' }),
    })
    .optional(),
  content: contentSchema.optional(),
  push: z.array(pushTargetSchema).optional().meta({ description: 'what each push target got' }),
  release: releaseReportSchema.optional(),
});

/** What a report says about its content; undefined where it says nothing or has an unknown version. */
export function contentIn(report: Uint8Array): RunReport['content'] {
  return z.object({ version: z.literal(1), content: contentSchema }).safeParse(jsonIn(report)).data?.content;
}

/**
 * Whether a report describes the run that wrote the content of a lock. The report next to that content may also be of
 * a run that wrote nothing, or something else.
 */
export function isReportOf(report: Uint8Array, lock: Digest): boolean {
  const withLock = z.object({ version: z.literal(1), lock: z.object({ digest: digestSchema }) });
  const digests = [contentIn(report)?.lock, withLock.safeParse(jsonIn(report)).data?.lock.digest];
  return digests.includes(lock);
}

export type RunReport = z.infer<typeof runReportSchema>;
export type ReleaseReport = z.infer<typeof releaseReportSchema>;
export type ReportedImage = z.infer<typeof imageSchema>;

const START = /^\{\n {2}"version": \d+,\n {2}"tool": \{\n {4}"name": "oci-save"/;

/** A report of any version has this. */
const anyReport = z.looseObject({
  version: z.int(),
  tool: z.looseObject({ name: z.literal('oci-save') }),
});

/** How a report is recognised: by its start, even if it is cut off, or by what every version of it has. */
export const REPORT_FILE_KIND: OwnFileKind = {
  noun: 'a report of oci-save',
  matches: (bytes, isWhole) =>
    START.test(bytes.toString('utf8')) || (isWhole && anyReport.safeParse(jsonIn(bytes)).success),
};

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
