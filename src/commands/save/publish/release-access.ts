import { partSizeOf } from '../../../archive/index.ts';
import { OciSaveError } from '../../../errors.ts';
import type { SaveOptions } from '../../../options/index.ts';
import {
  checkAssetBase,
  createReleaseService,
  findRelease,
  MAX_FILE_BYTES,
  type Release,
  type ReleaseService,
  releaseTag,
  type ReleaseTarget,
  releaseTarget,
} from '../../../github-release/index.ts';
import type { RetryPolicy } from '../../../http/index.ts';
import type { CommandIo } from '../../../runtime/index.ts';
import type { Places } from '../places.ts';
import { hint, option } from '../../../text/hint.ts';

/** What the front end gives to a release. */
export interface ReleaseIo extends CommandIo {
  /** The token that may write releases; by default GH_TOKEN or GITHUB_TOKEN of the environment. */
  readonly releaseToken?: string | undefined;
}

/** A release that a run may write to. */
export interface ReleaseAccess {
  readonly target: ReleaseTarget;
  readonly service: ReleaseService;
  /** How often, and how soon, what fails is tried again. */
  readonly retry: RetryPolicy;
  /** As it was when the run started. */
  readonly found: Release | undefined;
}

interface WantedRelease {
  readonly tag: string;
  readonly repository?: string | undefined;
  /** The start of the names of all its files. */
  readonly base: string;
  readonly partSize: number;
  readonly retries: number;
}

/** Opens the release that the options name; undefined where they name none. */
export async function openRelease(
  options: SaveOptions,
  { archivePlace, partSize }: Places,
  io: ReleaseIo,
): Promise<ReleaseAccess | undefined> {
  const tag = releaseTag(options.release, io.env);
  if (tag === undefined) return undefined;
  return accessRelease({ tag, base: archivePlace.name.base, partSize, retries: options.retries }, io);
}

/**
 * Checks what a release is asked for, and that its repository can be reached, before any image is fetched for it.
 * @throws OciSaveError `usage` for options that no release can have, else what the service refuses
 */
export async function accessRelease(
  { tag, repository, base, partSize, retries }: WantedRelease,
  { env, emit, signal, releaseToken: token }: ReleaseIo,
): Promise<ReleaseAccess> {
  checkAssetBase(base);
  if (partSizeOf(partSize) > MAX_FILE_BYTES) {
    throw new OciSaveError({
      code: 'usage',
      message: `split-size: a release takes less than 2 GiB in one file, and ${partSize} bytes are asked for`,
      hint: hint`Leave ${option('splitSize')} out, or write at most 2GiB.`,
    });
  }
  const target = releaseTarget({ tag, repository, token, env });
  const retry = { retries, retryMilliseconds: 1000 };
  const service = createReleaseService(target, {
    env,
    retry,
    signal,
    onWait: (milliseconds) =>
      emit({
        type: 'log',
        level: 'warning',
        message: `${target.api.host} asks to wait: going on in ${Math.ceil(milliseconds / 1000)} s`,
      }),
  });
  const onStray = ({ url }: Release): void =>
    emit({
      type: 'log',
      level: 'warning',
      message: `release ${url} was made for ${tag}, and was published without this tag; it is left as it is: remove it, or give it a tag on its page`,
    });
  return { target, service, retry, found: await findRelease(service, tag, onStray) };
}
