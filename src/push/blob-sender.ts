import { Readable } from 'node:stream';
import pLimit from 'p-limit';
import { OciSaveError } from '../errors.ts';
import { type Digest, shortDigest } from '../oci/digest.ts';
import { type BlobContent, refusalOf, type Repository, type Upload } from '../registry/index.ts';
import { damagedBlobOf } from '../store/index.ts';
import { createBlobProbe, isThere, notGiven } from './blob-probe.ts';
import { cancelUploads } from './cancel-uploads.ts';
import type { PushContext } from './context.ts';
import type { FullProjects } from './full-projects.ts';
import type { Traffic } from './report-target.ts';

/** Brings blobs into the repositories of one target. */
export interface BlobSender {
  /** The blob is in the repository when this resolves, and can be read there. It is sent only once. */
  send(repository: Repository, digest: Digest): Promise<void>;
  /** Sends a blob whatever the registry says to have. False where this push has sent it there already. */
  resend(repository: Repository, digest: Digest): Promise<boolean>;
}

/** Large blobs at once: more only share the same bandwidth. */
const LARGE_AT_ONCE = 8;
const LARGE_BYTES = 1024 * 1024;

/**
 * Each blob is sent once to a target, by one repository; the others have it mounted from there. Where a registry does
 * not mount, they send it too, one after another: two uploads of one blob at once have been seen to destroy each other
 * (docker/buildx#3731).
 *
 * @param uploads sessions that were started, by repository; removed when they are used
 */
export function createBlobSender(
  context: PushContext,
  uploads: Map<string, Upload>,
  traffic: Traffic,
  full: FullProjects,
): BlobSender {
  const { client, content, emit, signal } = context;
  const large = pLimit(context.parallel || LARGE_AT_ONCE);
  const sent = new Map<string, Promise<void>>();
  /** The repository that has a blob; undefined where the one that was first has failed. */
  const leaders = new Map<Digest, Promise<string | undefined>>();
  const turns = new Map<Digest, Promise<void>>();
  const refused = new Map<Digest, unknown>();
  /** The blobs that were sent in this push, each with its repository. */
  const uploaded = new Set<string>();
  const gives = createBlobProbe(context);
  let mounts = true;

  const inTurn = (digest: Digest, work: () => Promise<void>): Promise<void> => {
    const done = (turns.get(digest) ?? Promise.resolve()).then(work);
    turns.set(
      digest,
      done.catch(() => {}),
    );
    return done;
  };

  const bringBack = async (digest: Digest, error: unknown): Promise<void> => {
    if (context.bringBack === undefined) throw error;
    await context.bringBack(digest);
  };

  const uploadInto = async (
    repository: Repository,
    blob: BlobContent,
    upload: Upload | undefined,
  ): Promise<void> => {
    const attempt = (into: Upload | undefined): Promise<void> =>
      client.sendBlob(repository, blob, {
        upload: into,
        signal,
        onBytes: (delta) => emit({ type: 'bytes', stage: 'push', delta }),
        onRetry: (message) => emit({ type: 'log', level: 'debug', message }),
      });
    try {
      await attempt(upload);
    } catch (error) {
      if (damagedBlobOf(error) !== blob.digest) throw error;
      // Its last bytes were not sent: no target has accepted it.
      await bringBack(blob.digest, error);
      await attempt(undefined);
    }
  };

  const upload = (repository: Repository, blob: BlobContent, started?: Upload): Promise<void> =>
    inTurn(blob.digest, async () => {
      // A body that is too large for a proxy is too large in every repository.
      if (refused.has(blob.digest)) throw refused.get(blob.digest);
      if (!(await content.port.has(blob))) await bringBack(blob.digest, missing(blob.digest));
      const session = started ?? uploads.get(repository.path);
      if (session !== started) uploads.delete(repository.path);
      const work = async (): Promise<void> => {
        const refusal = full.errorOf(repository);
        if (refusal === undefined) return uploadInto(repository, blob, session);
        if (session !== undefined) await cancelUploads([session], context);
        throw refusal;
      };
      try {
        await (blob.size > LARGE_BYTES ? large(work) : work());
      } catch (error) {
        if (refusalOf(error)?.status === 413) refused.set(blob.digest, error);
        throw error;
      }
      uploaded.add(keyOf(repository, blob.digest));
      traffic.sentBlobs += 1;
      traffic.sentBytes += blob.size;
    });

  /** In place of a blob that the registry says to have and does not give. */
  const replace = async (repository: Repository, blob: BlobContent, started?: Upload): Promise<void> => {
    await upload(repository, blob, started);
    if (!(await gives(repository, blob))) throw notGiven(repository, blob.digest);
  };

  const uploadIfAbsent = async (
    repository: Repository,
    blob: BlobContent,
    started?: Upload,
  ): Promise<void> => {
    if (!(await isThere(repository, blob.digest, context))) return upload(repository, blob, started);
    if (!(await gives(repository, blob))) return replace(repository, blob, started);
    traffic.thereBlobs += 1;
    if (started !== undefined) await client.cancelUpload(started, signal);
  };

  const mount = async (repository: Repository, blob: BlobContent, from: string): Promise<void> => {
    if (!mounts) return uploadIfAbsent(repository, blob);
    const mounted = await client.mountBlob(repository, blob.digest, from, signal);
    if (mounted !== true) {
      if (mounted === false) mounts = false;
      return uploadIfAbsent(repository, blob, mounted || undefined);
    }
    const isSent = uploaded.has(keyOf({ ...repository, path: from }, blob.digest));
    if (!isSent && !(await gives(repository, blob))) return replace(repository, blob);
    traffic.mountedBlobs += 1;
  };

  const contentOf = (digest: Digest): BlobContent => {
    const size = content.lock.blobs[digest] ?? 0;
    // What was not hashed yet in this run is hashed while it is sent.
    const open: BlobContent['open'] = (start, end) =>
      Readable.from(content.port.range({ digest, size }, start, end), { objectMode: false });
    return { digest, size, open };
  };

  const sendOnce = async (repository: Repository, digest: Digest): Promise<void> => {
    const blob = contentOf(digest);
    for (;;) {
      const leader = leaders.get(digest);
      if (leader === undefined) {
        const work = uploadIfAbsent(repository, blob);
        const led = work.then(
          () => repository.path,
          () => undefined,
        );
        leaders.set(digest, led);
        return work;
      }
      const from = await leader;
      if (from !== undefined) return mount(repository, blob, from);
      // A leader's failure may be its repository's own: the next one tries for itself.
      if (leaders.get(digest) === leader) leaders.delete(digest);
    }
  };

  return {
    send(repository, digest) {
      const key = keyOf(repository, digest);
      const work =
        sent.get(key) ??
        sendOnce(repository, digest).catch((error: unknown) => {
          throw full.note(repository, error);
        });
      sent.set(key, work);
      return work;
    },
    async resend(repository, digest) {
      if (uploaded.has(keyOf(repository, digest))) return false;
      await upload(repository, contentOf(digest));
      return true;
    },
  };
}

const keyOf = ({ path }: Repository, digest: Digest): string => `${path}@${digest}`;

function missing(digest: Digest): OciSaveError {
  return new OciSaveError({
    code: 'digest',
    message: `blob ${shortDigest(digest)} is missing here, or damaged`,
    hint: 'Save the image again: what is whole is not fetched again.',
  });
}
