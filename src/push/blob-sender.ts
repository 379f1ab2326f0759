import { Readable } from 'node:stream';
import pLimit from 'p-limit';
import { messageOf, OciSaveError } from '../errors.ts';
import { type Digest, shortDigest } from '../oci/digest.ts';
import { type BlobContent, refusalOf, type Repository, type Upload } from '../registry/index.ts';
import { damagedBlobOf } from '../store/index.ts';
import { cancelUploads } from './cancel-uploads.ts';
import type { PushContext } from './context.ts';
import type { FullProjects } from './full-projects.ts';
import type { Traffic } from './report-target.ts';

/** Brings blobs into the repositories of one target. */
export interface BlobSender {
  /** The blob is in the repository when this resolves. It is sent only once. */
  send(repository: Repository, digest: Digest): Promise<void>;
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
        if (session !== undefined) await cancelUploads(new Map([[repository.path, session]]), context);
        throw refusal;
      };
      try {
        await (blob.size > LARGE_BYTES ? large(work) : work());
      } catch (error) {
        if (refusalOf(error)?.status === 413) refused.set(blob.digest, error);
        throw error;
      }
      traffic.sentBlobs += 1;
      traffic.sentBytes += blob.size;
    });

  const uploadIfAbsent = async (repository: Repository, blob: BlobContent): Promise<void> => {
    if (!(await isThere(repository, blob.digest, context))) return upload(repository, blob);
    traffic.thereBlobs += 1;
  };

  const mount = async (repository: Repository, blob: BlobContent, from: string): Promise<void> => {
    if (!mounts) return uploadIfAbsent(repository, blob);
    const mounted = await client.mountBlob(repository, blob.digest, from, signal);
    if (mounted === true) {
      traffic.mountedBlobs += 1;
    } else if (mounted === false) {
      mounts = false;
      await uploadIfAbsent(repository, blob);
    } else if (await isThere(repository, blob.digest, context)) {
      traffic.thereBlobs += 1;
      await client.cancelUpload(mounted, signal);
    } else {
      await upload(repository, blob, mounted);
    }
  };

  const sendOnce = async (repository: Repository, digest: Digest): Promise<void> => {
    const size = content.lock.blobs[digest] ?? 0;
    const blob: BlobContent = {
      digest,
      size,
      // What was not hashed yet in this run is hashed while it is sent.
      open: (start, end) =>
        Readable.from(content.port.range({ digest, size }, start, end), { objectMode: false }),
    };
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
      const key = `${repository.path}@${digest}`;
      const work =
        sent.get(key) ??
        sendOnce(repository, digest).catch((error: unknown) => {
          throw full.note(repository, error);
        });
      sent.set(key, work);
      return work;
    },
  };
}

function missing(digest: Digest): OciSaveError {
  return new OciSaveError({
    code: 'digest',
    message: `blob ${shortDigest(digest)} is missing here, or damaged`,
    hint: 'Save the image again: what is whole is not fetched again.',
  });
}

/**
 * Whether a repository has a blob. A registry that ended during a write may keep an empty link, and responds with 500
 * for that blob until it is sent again (docker-registry 2.8.2, measured).
 */
async function isThere(
  repository: Repository,
  digest: Digest,
  { client, emit, signal }: PushContext,
): Promise<boolean> {
  try {
    return await client.headBlob(repository, digest, signal);
  } catch (error) {
    signal?.throwIfAborted();
    if (refusalOf(error)?.status !== 500) throw error;
    emit({ type: 'log', level: 'warning', message: `${messageOf(error)}; it is sent again` });
    return false;
  }
}
