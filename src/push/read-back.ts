import pRetry from 'p-retry';
import { OciSaveError } from '../errors.ts';
import { type Digest, shortDigest } from '../oci/digest.ts';
import type { PushContext } from './context.ts';
import type { PushName, Variant } from './plan.ts';

/** Registries over several machines may need a moment until a tag is everywhere. */
const [LOOKS, FIRST_PAUSE_MILLISECONDS] = [4, 250];

/**
 * Reads a tag that was pushed, and hashes what comes.
 * @throws OciSaveError `digest` where it is not what was pushed
 */
export async function readBack({ to }: PushName, pushed: Variant, context: PushContext): Promise<void> {
  const { signal } = context;
  const look = async (): Promise<void> => {
    const found = await digestUnder(to, context);
    if (found === pushed.digest) return;
    throw new OciSaveError({
      code: 'digest',
      message:
        found === undefined
          ? `${to.text} was pushed, and is not there`
          : `${to.text} was pushed as ${shortDigest(pushed.digest)}, and what is read has ${shortDigest(found)}`,
      hint: 'Somebody else may push to the same name. Else ask who runs the registry.',
    });
  };
  await pRetry(look, {
    retries: LOOKS - 1,
    minTimeout: FIRST_PAUSE_MILLISECONDS,
    shouldRetry: ({ error }) => error instanceof OciSaveError && error.code === 'digest',
    ...(signal ? { signal } : {}),
  });
}

async function digestUnder(to: PushName['to'], { client, signal }: PushContext): Promise<Digest | undefined> {
  try {
    return (await client.getManifest(to, to.tag, signal)).digest;
  } catch (error) {
    if (error instanceof OciSaveError && error.code === 'not-found') return undefined;
    throw error;
  }
}
