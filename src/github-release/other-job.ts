import { claimantOf, claimName } from './claim.ts';
import { noteIn } from './notes.ts';
import { otherJobError } from './other-job-error.ts';
import { writerInRecord } from './record.ts';
import type { SendOptions } from './send-options.ts';
import type { Asset, Release } from './service/service.ts';
import { isOtherJob, type Writer } from './writer.ts';

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
  const refuse = (theirs: Writer | undefined): void => {
    if (theirs !== undefined && isOtherJob(writer, theirs)) throw otherJobError(tag, theirs);
  };
  refuse(noteIn(release.body)?.writer);
  for (const asset of present) {
    // Of two claims, which a service should not take, the older one counts.
    const counts = claim === undefined || asset.id < claim.id;
    if (asset.name === claimName(archive) && counts) refuse(await claimantOf(asset, service));
  }
  if (differing.length === 0) return;
  refuse(await writerInRecord(present, archive, service));
}
