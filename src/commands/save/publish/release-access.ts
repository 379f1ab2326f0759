import { type ArchiveName, partSizeOf, sumsName } from '../../../archive/index.ts';
import { messageOf, OciSaveError } from '../../../errors.ts';
import type { LogLevel } from '../../../events.ts';
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
  type ServiceOptions,
} from '../../../github-release/index.ts';
import type { RetryPolicy, Trust } from '../../../http/index.ts';
import type { CommandIo } from '../../../runtime/index.ts';
import type { Places } from '../places.ts';
import { hint, option } from '../../../text/hint.ts';

/** What the front end gives to a release. */
export interface ReleaseIo extends CommandIo {
  /** The token that may write releases; by default GH_TOKEN or GITHUB_TOKEN of the environment. */
  readonly releaseToken?: string | undefined;
  /** What TLS with the service stands on; by default Node's own list of authorities. */
  readonly trust?: Trust | undefined;
}

/** A release that a run may write to. */
export interface ReleaseAccess {
  readonly target: ReleaseTarget;
  readonly service: ReleaseService;
  /** How often, and how soon, what fails is tried again. */
  readonly retry: RetryPolicy;
  /** As it was when the run started. */
  readonly found: Release | undefined;
  /** Whether the service was reached then. */
  readonly isReached: boolean;
}

interface WantedRelease {
  readonly tag: string;
  readonly repository?: string | undefined;
  /** The start of the names of all its files. */
  readonly base: string;
  readonly partSize: number;
  readonly retries: number;
}

/**
 * Opens the release that the options name; undefined where they name none. A service that cannot be reached now may be there
 * when the images are saved: that is a warning, and the release is tried again then.
 */
export async function openRelease(
  options: SaveOptions,
  { archivePlace, partSize }: Places,
  io: ReleaseIo,
): Promise<ReleaseAccess | undefined> {
  const tag = releaseTag(options.release, io.env);
  if (tag === undefined) return undefined;
  const { retries } = options;
  const prepared = prepare({ tag, base: archivePlace.name.base, partSize, retries }, io);
  const soon = serviceOf(prepared.target, { ...retryOf(Math.min(retries, 1)), ...SOON }, io);
  try {
    return { ...prepared, found: await lookUp(prepared.target, soon, io), isReached: true };
  } catch (error) {
    io.signal?.throwIfAborted();
    if (!(error instanceof OciSaveError) || error.code !== 'network') throw error;
    say(io, 'warning', `${error.message}; it is tried again at the end`);
    return { ...prepared, found: undefined, isReached: false };
  }
}

/** The images are not held up for longer by a service that is silent. */
const SOON = { requestMilliseconds: 15_000 } as const;

/**
 * Checks what a release is asked for, and that its repository can be reached, before anything is read for it.
 * @throws OciSaveError `usage` for options that no release can have, else what the service refuses
 */
export async function accessRelease(wanted: WantedRelease, io: ReleaseIo): Promise<ReleaseAccess> {
  const prepared = prepare(wanted, io);
  return { ...prepared, found: await lookUp(prepared.target, prepared.service, io), isReached: true };
}

/**
 * Checks that the token may write the release, before any image is fetched for it. Where the release has such an archive
 * already, it may be that nothing has to be written, and a missing right is a warning.
 * @throws OciSaveError `denied`
 */
export async function checkRight(
  { target: { tag }, service, found, isReached }: ReleaseAccess,
  archive: ArchiveName,
  io: ReleaseIo,
): Promise<void> {
  // GitHub shows drafts to those alone who may write.
  if (!isReached || found?.draft === true) return;
  say(io, 'info', `checking that the token may write release ${tag}`);
  try {
    await service.checkRight(tag);
  } catch (error) {
    io.signal?.throwIfAborted();
    const assets = found === undefined ? [] : await service.assets(found);
    if (!assets.some(({ name }) => name === sumsName(archive))) throw error;
    say(io, 'warning', `${messageOf(error)}; the run fails if anything of its archive has changed`);
  }
}

function prepare(
  { tag, repository, base, partSize, retries }: WantedRelease,
  io: ReleaseIo,
): Pick<ReleaseAccess, 'target' | 'service' | 'retry'> {
  checkAssetBase(base);
  if (partSizeOf(partSize) > MAX_FILE_BYTES) {
    throw new OciSaveError({
      code: 'usage',
      message: `split-size: a release takes less than 2 GiB in one file, and ${partSize} bytes are asked for`,
      hint: hint`Leave ${option('splitSize')} out, or write at most 2GiB.`,
    });
  }
  const target = releaseTarget({ tag, repository, token: io.releaseToken, env: io.env });
  const policy = retryOf(retries);
  return { target, service: serviceOf(target, policy, io), ...policy };
}

const retryOf = (retries: number): { retry: RetryPolicy } => ({
  retry: { retries, retryMilliseconds: 1000 },
});

function serviceOf(
  target: ReleaseTarget,
  options: Pick<ServiceOptions, 'retry' | 'requestMilliseconds'>,
  io: ReleaseIo,
): ReleaseService {
  const { env, signal, trust } = io;
  return createReleaseService(target, {
    ...options,
    env,
    trust,
    signal,
    onWait: (milliseconds) =>
      say(io, 'warning', `${target.api.host} asks to wait: going on in ${Math.ceil(milliseconds / 1000)} s`),
    onAgain: (why) => say(io, 'info', `${why}; trying again`),
  });
}

function lookUp(
  { api, owner, repo, tag }: ReleaseTarget,
  service: ReleaseService,
  io: ReleaseIo,
): Promise<Release | undefined> {
  say(io, 'info', `looking for release ${tag} of ${owner}/${repo} on ${api.host}`);
  return findRelease(service, tag, ({ url }) =>
    say(
      io,
      'warning',
      `release ${url} was made for ${tag}, and was published without this tag; it is left as it is: remove it, or give it a tag on its page`,
    ),
  );
}

function say({ emit }: ReleaseIo, level: LogLevel, message: string): void {
  emit({ type: 'log', level, message });
}
