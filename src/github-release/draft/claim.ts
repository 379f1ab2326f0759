import type { ArchiveName } from '../../archive/index.ts';
import { OciSaveError } from '../../errors.ts';
import { withRetries } from '../../http/index.ts';
import { hint, option } from '../../text/hint.ts';
import { jsonIn } from '../../text/json-in.ts';
import { inMemory } from '../release-files.ts';
import type { SendOptions } from '../send-options.ts';
import { readAsset } from '../service/read-asset.ts';
import { saysNameIsTaken } from '../service/refusal.ts';
import type { Asset, Release, ReleaseService } from '../service/service.ts';
import { noteIn } from './notes.ts';
import { readRecord } from './record.ts';
import { isOtherJob, otherJobError, type Writer, writerSchema } from './writer.ts';

const ENDING = '.claim.json';
const MAX_BYTES = 4096;

/** The file that says which job writes an archive now. It is removed before the release is published. */
export function claimName({ base }: Pick<ArchiveName, 'base'>): string {
  return `${base}${ENDING}`;
}

/** The archive that a file of a release claims; undefined where it is not a claim. */
export function claimedBase(name: string): string | undefined {
  return name.endsWith(ENDING) ? name.slice(0, -ENDING.length) : undefined;
}

/** The job that claims; undefined where that cannot be read. */
export async function claimantOf(
  claim: Asset,
  service: Pick<ReleaseService, 'read'>,
): Promise<Writer | undefined> {
  return writerSchema.safeParse(jsonIn(await readAsset(claim, service, MAX_BYTES))).data;
}

/**
 * Claims an archive of a release for this job, before anything of it is changed. GitHub has no conditional changes, but
 * does not accept two files of one name: the first job that uploads the claim has it. A claim of an earlier run or attempt
 * is taken over.
 * @throws OciSaveError `unsupported` where another job of the same run has it, or the file is not one of this tool
 */
export function claimArchive(
  release: Release,
  writer: Writer,
  { service, retry, signal }: SendOptions,
): Promise<Asset> {
  const file = inMemory(claimName({ base: writer.archive }), `${JSON.stringify(writer)}\n`);
  const attempt = async (): Promise<Asset> => {
    try {
      return await service.upload(release, file);
    } catch (error) {
      if (!saysNameIsTaken(error)) throw error;
      const find = async (): Promise<Asset | undefined> =>
        (await service.assets(release)).find(({ name }) => name === file.name);
      const there = await find();
      if (there === undefined) throw error;
      const theirs = await claimantOf(there, service);
      if (theirs !== undefined && isOtherJob(writer, theirs)) throw otherJobError(release.tag, theirs);
      if (theirs !== undefined && theirs.run === writer.run) return there;
      if (theirs !== undefined || there.state !== 'uploaded') await service.remove(there);
      // It cannot be read where its job has just removed it.
      else if ((await find())?.id === there.id) throw notOurs(release, file.name);
      throw error;
    }
  };
  return withRetries(attempt, retry, {
    signal,
    may: (error) => saysNameIsTaken(error) || (error instanceof OciSaveError && error.code === 'network'),
  });
}

function notOurs({ tag, url }: Release, name: string): OciSaveError {
  return new OciSaveError({
    code: 'unsupported',
    message: `release ${tag} has a file ${name} that was not made by this tool: ${url}`,
    hint: hint`Remove it, or give the archive another name: ${option('archiveName')}.`,
  });
}

/** What a release has now, as far as it says which job writes the archive. */
export interface Contents {
  readonly present: readonly Asset[];
  /** Names of content that is there with other bytes. */
  readonly differing: readonly string[];
}

/**
 * Throws where another job of the same run writes the archive, or wrote it: the draft's note names the job that created it,
 * a claim the job that is at work, and the record of a run, which is sent with the archive, the job that has ended.
 *
 * @param claim our own, once it is there
 * @throws OciSaveError `unsupported`
 */
export async function refuseOtherJob(
  release: Release | undefined,
  { present, differing }: Contents,
  { writer, archive, tag, service }: SendOptions,
  claim?: Asset,
): Promise<void> {
  if (writer === undefined || release === undefined) return;
  const refuse = (theirs: Writer | undefined): void => {
    if (theirs !== undefined && isOtherJob(writer, theirs)) throw otherJobError(tag, theirs);
  };
  refuse(noteIn(release.body)?.writer);
  for (const asset of present) {
    // Of two claims, which a service should not accept, the older one counts.
    const counts = claim === undefined || asset.id < claim.id;
    if (asset.name === claimName(archive) && counts) refuse(await claimantOf(asset, service));
  }
  if (differing.length > 0) refuse((await readRecord(present, archive, service)).writer);
}
