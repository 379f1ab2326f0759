import { OciSaveError } from '../../errors.ts';
import type { Digest } from '../../oci/digest.ts';
import { refusalOf, type RegistryClient } from '../../registry/index.ts';
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

type Asking = Pick<RegistryClient, 'findManifest'>;

/**
 * Asks targets which names they have already, by one HEAD a name and target (a GET only of a registry that refuses
 * HEAD). Never throws for a target's answer: what is not known to be there, is not there.
 * @throws the signal's reason
 */
export async function findPushed(
  wanted: readonly WantedName[],
  targets: readonly PushTarget[],
  client: Asking,
  signal?: AbortSignal,
): Promise<FoundName[]> {
  const ask = async (target: PushTarget, { name, digests }: WantedName): Promise<FoundName> => {
    const to = destinationOf(target, name);
    const { found, error } = await findOne(to, client, { signal });
    return { target, name, to, found, there: found !== undefined && digests.includes(found), error };
  };
  return Promise.all(targets.flatMap((target) => wanted.map((name) => ask(target, name))));
}

/** A registry that refuses is up, and so is one that fails at this name alone, as over a link that a crash left empty. */
function isUp(error: OciSaveError): boolean {
  return error.code === 'denied' || refusalOf(error)?.status === 500;
}

/** What stands under one name; of a refusal, the error. With `once`, a registry that is not there throws. */
export async function findOne(
  to: Destination,
  client: Asking,
  { signal, once = false }: { readonly signal?: AbortSignal | undefined; readonly once?: boolean },
): Promise<Pick<FoundName, 'found' | 'error'>> {
  try {
    return { found: await client.findManifest(to, to.tag, { signal, once }) };
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof OciSaveError) || (once && !isUp(error))) throw error;
    return { found: undefined, error };
  }
}
