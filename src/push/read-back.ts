import { messageOf, OciSaveError, unlessMissing } from '../errors.ts';
import { type Digest, isDigest, shortDigest } from '../oci/digest.ts';
import { DEFAULT_REGISTRY } from '../oci/reference.ts';
import type { Repository } from '../registry/index.ts';
import type { BlobSender } from './blob-sender.ts';
import { type PushContext, putManifest, waitFor } from './context.ts';
import type { Destination } from './plan.ts';

/**
 * Milliseconds between the readings of a tag. Registries over several machines may show it late, or its old digest for a
 * while (int128/docker-manifest-create-action#857: Docker Hub): 21 s in all.
 */
const PAUSES = [250, 500, 1000, 2000, 4000, 4000, 4000, 5000];
const FIRST_PAUSES = 3;

/** Reads back what was put into one target, and hashes it. */
export interface ManifestReader {
  /**
   * What a target does not show in time under a tag, or does not let us read, is a warning: it took the tag.
   * @param before what the target had under the tag
   * @throws OciSaveError `digest` where it has neither that nor what was pushed
   */
  tag(to: Destination, pushed: Digest, before: Digest | undefined): Promise<void>;
  /** @throws OciSaveError `digest` for a manifest below a tag that is not there: the tag is not put then */
  child(repository: Repository, digest: Digest): Promise<void>;
}

export function createManifestReader(context: PushContext, blobs: BlobSender): ManifestReader {
  const { client, emit, signal, pause = waitFor } = context;
  let said = false;
  let pauses = PAUSES;

  /** The digest under a reference; undefined where it is not there. Docker Hub counts every GET as a pull. */
  const read = async (to: Repository, reference: string): Promise<Digest | undefined> => {
    if (to.domain === DEFAULT_REGISTRY && isDigest(reference)) {
      return client.findManifest(to, reference, { signal });
    }
    return (await unlessMissing(client.getManifest(to, reference, signal)))?.digest;
  };

  /**
   * A registry whose cache has a manifest that is gone takes it by 201 and stores nothing, as docker-registry 2.8.2 does after a
   * garbage collection (measured). It does store the same bytes as a blob, and has the manifest then.
   */
  const restore = async (to: Repository, digest: Digest): Promise<void> => {
    try {
      await blobs.resend(to, digest);
      await putManifest(context, to, digest);
    } catch (error) {
      signal?.throwIfAborted();
      emit({ type: 'log', level: 'debug', message: messageOf(error) });
    }
  };

  /** What is under a reference when it is what was put, or the time is over. */
  const readUntil = async (
    to: Repository,
    [reference, text]: readonly [reference: string, text: string],
    pushed: Digest,
    before?: Digest,
  ): Promise<Digest | undefined> => {
    let found: Digest | undefined;
    for (const [nth, milliseconds] of [0, ...pauses].entries()) {
      if (nth > 0 && !said) {
        said = true;
        const message = `${to.domain} does not show ${text} as it was pushed yet; waiting for it, at most 21 s`;
        emit({ type: 'log', level: 'info', message });
      }
      if (nth > 0) await pause(milliseconds, signal);
      found = await read(to, reference);
      if (found === undefined && nth === 0) {
        await restore(to, pushed);
        found = await read(to, reference);
      }
      if (found === pushed) return found;
      if (found === undefined || found === before || nth < FIRST_PAUSES) continue;
      throw otherDigest(text, pushed, found);
    }
    // A target that is that late is not waited for as long again.
    pauses = PAUSES.slice(0, FIRST_PAUSES);
    return found;
  };

  /** Undefined where the target does not let us read. */
  const unlessDenied = async <T>(reading: Promise<T>): Promise<T | OciSaveError> => {
    try {
      return await reading;
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof OciSaveError && error.code === 'denied') return error;
      throw error;
    }
  };

  return {
    async tag(to, pushed, before) {
      const { text } = to;
      const found = await unlessDenied(readUntil(to, [to.tag, text], pushed, before));
      if (found === pushed) return;
      const message =
        found instanceof OciSaveError
          ? `${text} was pushed, and cannot be read back: ${found.message}`
          : `${text} was pushed as ${shortDigest(pushed)}, and when it is read it ${
              found === undefined ? 'is not there yet' : `still has ${shortDigest(found)}`
            }`;
      emit({ type: 'log', level: 'warning', message, image: text });
    },
    async child(repository, digest) {
      const text = `${repository.domain}/${repository.path}@${shortDigest(digest)}`;
      // Of what may not be read the tag's own reading warns.
      if ((await unlessDenied(readUntil(repository, [digest, text], digest))) === undefined) {
        throw notThere(text);
      }
    },
  };
}

function notThere(text: string): OciSaveError {
  return new OciSaveError({
    code: 'digest',
    message: `${text} was pushed, and is not there`,
    hint: 'Push again. If it stays so, ask who runs the registry: its cache and its files differ.',
  });
}

function otherDigest(text: string, pushed: Digest, found: Digest): OciSaveError {
  return new OciSaveError({
    code: 'digest',
    message: `${text} was pushed as ${shortDigest(pushed)}, and what is read has ${shortDigest(found)}`,
    hint: 'Somebody else may push to the same name. Else ask who runs the registry.',
  });
}
