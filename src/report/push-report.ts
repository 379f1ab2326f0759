import { z } from 'zod';
import { digestSchema } from '../oci/digest.ts';
import { failureSchema } from './failure.ts';

export const count = z.int().nonnegative();

const pushedNameSchema = z.strictObject({
  ref: z.string().meta({ description: 'the normalised reference' }),
  name: z.string().meta({ description: 'the stored name, repository:tag' }),
  as: z.string().meta({ description: 'its name at the target' }),
  digest: digestSchema,
  status: z.enum(['pushed', 'unchanged', 'kept', 'failed', 'not started', 'to push']).meta({
    description:
      'kept: the target has another digest under this tag, and push-policy leaves it; to push: in a dry run',
  }),
  there: digestSchema.optional().meta({ description: 'the digest that the target has under this name now' }),
  before: digestSchema.optional().meta({
    description:
      'another digest that the tag had before: it has moved, or would move in a push that is no dry run',
  }),
  narrowed: z.boolean().optional().meta({
    description: 'the target has less than the index, since it refuses a sparse one',
  }),
  standIn: digestSchema.optional().meta({
    description:
      'in a dry run: what is pushed in place of an index that lacks platforms, always or where the target refuses it',
  }),
  referrers: count.optional().meta({
    description:
      'how many signatures and other referrers were sent to it in this push; with to push: how many it has, of which a push sends what the target lacks',
  }),
  referrersLeftOut: count.optional().meta({
    description:
      'how many of its referrers the target does not get, since they belong to what it does not have: the index that was narrowed; with to push: where it is narrowed',
  }),
});

/** What one target of a push got. */
export const pushTargetSchema = z.strictObject({
  target: z.string(),
  outcome: z.enum(['done', 'failed', 'warned']),
  images: z.array(pushedNameSchema),
  failed: z.array(failureSchema),
  missingRepositories: z.array(z.string()).optional().meta({
    description: 'repositories that do not exist there, and that the registry does not create itself',
  }),
  totals: z.strictObject({
    pushed: count,
    unchanged: count,
    kept: count,
    failed: count.meta({ description: 'including those that were not started' }),
    sentBlobs: count,
    sentBytes: count,
    mountedBlobs: count.meta({ description: 'taken from another repository of the registry' }),
    thereBlobs: count.meta({ description: 'were in the repository before' }),
  }),
  seconds: z.number().nonnegative(),
});

/** What `oci-save push --json` prints. */
export const pushReportSchema = z.strictObject({
  version: z.literal(1),
  tool: z.strictObject({ name: z.string(), version: z.string() }),
  bundle: z.string(),
  dryRun: z.boolean().optional(),
  outcome: z.enum(['done', 'failed', 'warned']).meta({
    description: 'warned: images failed, every target got others, and on-error is warn',
  }),
  targets: z.array(pushTargetSchema),
});

export type PushedName = z.infer<typeof pushedNameSchema>;
export type PushTargetReport = z.infer<typeof pushTargetSchema>;
export type PushReport = z.infer<typeof pushReportSchema>;
