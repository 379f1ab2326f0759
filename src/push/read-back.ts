import { OciSaveError } from '../errors.ts';
import { type Digest, shortDigest } from '../oci/digest.ts';
import { type PushContext, waitFor } from './context.ts';
import type { Destination } from './plan.ts';

/**
 * Milliseconds between the readings of a tag. Registries over several machines may show it late, or its old digest for a
 * while (int128/docker-manifest-create-action#857: Docker Hub): 21 s in all.
 */
const PAUSES = [250, 500, 1000, 2000, 4000, 4000, 4000, 5000];
const FIRST_PAUSES = 3;

/**
 * Reads tags that were pushed, and hashes them. What a target does not show in time, or does not let us read, is a warning:
 * it took the tag.
 */
export function createTagReader({ client, emit, signal, pause = waitFor }: PushContext) {
  let said = false;
  let pauses = PAUSES;
  const warn = ({ text }: Destination, message: string): void =>
    emit({ type: 'log', level: 'warning', message, image: text });

  /** The digest under a tag; undefined where it is not there. */
  const read = async (to: Destination): Promise<Digest | undefined> => {
    try {
      return (await client.getManifest(to, to.tag, signal)).digest;
    } catch (error) {
      if (error instanceof OciSaveError && error.code === 'not-found') return undefined;
      throw error;
    }
  };

  const check = async (to: Destination, pushed: Digest, before: Digest | undefined): Promise<void> => {
    let found: Digest | undefined;
    for (const [nth, milliseconds] of [0, ...pauses].entries()) {
      if (nth > 0 && !said) {
        said = true;
        const message = `${to.domain} does not show ${to.text} as it was pushed yet; waiting for it, at most 21 s`;
        emit({ type: 'log', level: 'info', message });
      }
      if (nth > 0) await pause(milliseconds, signal);
      found = await read(to);
      if (found === pushed) return;
      if (found === undefined || found === before || nth < FIRST_PAUSES) continue;
      throw otherDigest(to, pushed, found);
    }
    // A target that is that late is not waited for as long again.
    pauses = PAUSES.slice(0, FIRST_PAUSES);
    const what = found === undefined ? 'is not there yet' : `still has ${shortDigest(found)}`;
    warn(to, `${to.text} was pushed as ${shortDigest(pushed)}, and when it is read it ${what}`);
  };

  /**
   * @param before what the target had under the tag
   * @throws OciSaveError `digest` where it has neither that nor what was pushed
   */
  return async (to: Destination, pushed: Digest, before: Digest | undefined): Promise<void> => {
    try {
      await check(to, pushed, before);
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof OciSaveError && error.code === 'denied')) throw error;
      warn(to, `${to.text} was pushed, and cannot be read back: ${error.message}`);
    }
  };
}

function otherDigest({ text }: Destination, pushed: Digest, found: Digest): OciSaveError {
  return new OciSaveError({
    code: 'digest',
    message: `${text} was pushed as ${shortDigest(pushed)}, and what is read has ${shortDigest(found)}`,
    hint: 'Somebody else may push to the same name. Else ask who runs the registry.',
  });
}
