import { z } from 'zod';
import { digestSchema } from '../oci/digest.ts';
import { faultShape } from './failure.ts';

const bytes = z.int().nonnegative();

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
  failure: z.strictObject({ ...faultShape, hint: z.string() }).optional(),
});

export type ReleaseReport = z.infer<typeof releaseReportSchema>;
