import { z } from 'zod';
import { digestSchema } from '../../oci/digest.ts';
import { claimantOf, claimName } from './claim.ts';
import { jsonIn } from './json-in.ts';
import { noteIn } from './notes.ts';
import { otherJobError } from './other-job-error.ts';
import { readAsset } from './read-asset.ts';
import { recordName } from './release-files.ts';
import type { SendOptions } from './send-options.ts';
import type { Asset, Release } from './service.ts';
import { isOtherJob, isOtherJobAtWork, type Writer } from './writer.ts';

const recordSchema = z.object({
  workflow: z.object({ run: z.string(), attempt: z.int(), job: z.string(), asked: digestSchema }),
});

export interface Contents {
  readonly present: readonly Asset[];
  /** Names of what is there with other bytes. */
  readonly differing: readonly string[];
}

/**
 * Throws where another job of the same run writes the archive, or wrote it: the draft's note names who made it, a claim
 * who is at work, and the record of a run, which is sent with the archive, who has ended.
 *
 * @param claim our own, once it is there
 * @throws OciSaveError `unsupported`
 */
export async function refuseOtherJob(
  release: Release | undefined,
  { present, differing }: Contents,
  { writer, archive, tag, service }: Pick<SendOptions, 'writer' | 'archive' | 'tag' | 'service'>,
  claim?: Asset,
): Promise<void> {
  if (writer === undefined || release === undefined) return;
  const refuse = (theirs: Writer | undefined, isOther = isOtherJobAtWork): void => {
    if (theirs !== undefined && isOther(writer, theirs)) throw otherJobError(tag, theirs);
  };
  refuse(noteIn(release.body)?.writer);
  for (const asset of present) {
    // Of two claims, which a service should not take, the older one counts.
    const counts = claim === undefined || asset.id < claim.id;
    if (asset.name === claimName(archive) && counts) refuse(await claimantOf(asset, service));
  }
  if (differing.length === 0) return;
  const record = present.find(({ name }) => name === recordName(archive));
  const text = (await readAsset(record, service))?.toString('utf8');
  const { workflow } = recordSchema.safeParse(jsonIn(text)).data ?? {};
  if (workflow === undefined) return;
  const { asked: list, ...job } = workflow;
  // It is sent with a whole archive: that of a job which is not run again stays.
  refuse({ archive: archive.base, list, ...job }, isOtherJob);
}
