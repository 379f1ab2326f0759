import pRetry from 'p-retry';
import type { ArchiveName } from '../../archive/index.ts';
import { OciSaveError } from '../../errors.ts';
import { hint, option } from '../../text/hint.ts';
import { jsonIn } from '../../text/json-in.ts';
import { noteIn } from './notes.ts';
import { writerInRecord } from './record.ts';
import type { SendOptions } from '../send-options.ts';
import { readAsset } from '../service/read-asset.ts';
import { saysNameIsTaken } from '../service/refusal.ts';
import type { Asset, Release, ReleaseService } from '../service/service.ts';
import { isOtherJob, otherJobError, type Writer, writerSchema } from './writer.ts';

const ENDING = '.claim.json';
const MAX_BYTES = 4096;

/** The file that says who writes an archive now. It goes before the release is published. */
export function claimName({ base }: Pick<ArchiveName, 'base'>): string {
  return `${base}${ENDING}`;
}

/** The archive that a file of a release claims; undefined where it is no claim. */
export function claimedBase(name: string): string | undefined {
  return name.endsWith(ENDING) ? name.slice(0, -ENDING.length) : undefined;
}

/** Who made a claim; undefined where that cannot be read. */
export async function claimantOf(
  claim: Asset,
  service: Pick<ReleaseService, 'read'>,
): Promise<Writer | undefined> {
  const text = (await readAsset(claim, service, MAX_BYTES))?.toString('utf8');
  return writerSchema.safeParse(jsonIn(text)).data;
}

/**
 * Claims an archive of a release for this job, before anything of it is changed. GitHub changes no file on condition, but
 * takes no two files of one name: who uploads the claim first has it. What an earlier run or an attempt left is taken over.
 * @throws OciSaveError `unsupported` where another job of the same run has it, or the file is of somebody else
 */
export function claimArchive(
  release: Release,
  writer: Writer,
  { service, retries, signal }: Pick<SendOptions, 'service' | 'retries' | 'signal'>,
): Promise<Asset> {
  const name = claimName({ base: writer.archive });
  const bytes = new TextEncoder().encode(`${JSON.stringify(writer)}\n`);
  // oxlint-disable-next-line typescript/require-await -- a source of bytes, as those that read files
  const open = async function* (): AsyncGenerator<Uint8Array> {
    yield bytes;
  };
  return pRetry(
    async () => {
      try {
        return await service.upload(release, { name, size: bytes.length, open });
      } catch (error) {
        if (!saysNameIsTaken(error)) throw error;
        const there = (await service.assets(release)).find((asset) => asset.name === name);
        if (there === undefined) throw error;
        const theirs = await claimantOf(there, service);
        if (theirs !== undefined && isOtherJob(writer, theirs)) throw otherJobError(release.tag, theirs);
        if (theirs !== undefined && theirs.run === writer.run) return there;
        if (theirs === undefined && there.state === 'uploaded') throw notOurs(release, name);
        await service.remove(there);
        throw error;
      }
    },
    {
      retries,
      minTimeout: 1000,
      maxTimeout: 30_000,
      randomize: true,
      shouldRetry: ({ error }) =>
        saysNameIsTaken(error) || (error instanceof OciSaveError && error.code === 'network'),
      ...(signal === undefined ? {} : { signal }),
    },
  );
}

function notOurs({ tag, url }: Release, name: string): OciSaveError {
  return new OciSaveError({
    code: 'unsupported',
    message: `release ${tag} has a file ${name} that is not of this tool: ${url}`,
    hint: hint`Remove it, or give the archive another name: ${option('archiveName')}.`,
  });
}

interface Contents {
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
