import { OciSaveError } from '../../errors.ts';
import type { Digest } from '../../oci/digest.ts';
import type { RegistryClient } from '../../registry/index.ts';
import { type Destination, destinationOf } from './destination.ts';
import type { PushTarget } from './target.ts';

/** A stored name, `repository:tag`, and the digests that are right under it. */
export interface WantedName {
  readonly name: string;
  readonly digests: readonly Digest[];
}

/** What a target has under a name. */
export interface FoundName {
  readonly target: PushTarget;
  readonly name: string;
  readonly to: Destination;
  /** Undefined where nothing stands there, and where the target does not tell. */
  readonly found: Digest | undefined;
  /** Whether that is one of the wanted digests. */
  readonly there: boolean;
  /** Why the target does not tell. */
  readonly error?: OciSaveError | undefined;
}

/**
 * Asks targets which names they have already, by one HEAD a name and target (a GET only of a registry that refuses
 * HEAD). Never throws for a target's answer: what is not known to be there, is not there.
 * @throws the signal's reason
 */
export async function findPushed(
  wanted: readonly WantedName[],
  targets: readonly PushTarget[],
  client: Pick<RegistryClient, 'findManifest'>,
  signal?: AbortSignal,
): Promise<FoundName[]> {
  const ask = async (target: PushTarget, { name, digests }: WantedName): Promise<FoundName> => {
    const to = destinationOf(target, name);
    const asked = { target, name, to };
    try {
      const found = await client.findManifest(to, to.tag, signal);
      return { ...asked, found, there: found !== undefined && digests.includes(found) };
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof OciSaveError)) throw error;
      return { ...asked, found: undefined, there: false, error };
    }
  };
  return Promise.all(targets.flatMap((target) => wanted.map((name) => ask(target, name))));
}
