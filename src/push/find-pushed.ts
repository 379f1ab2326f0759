import { OciSaveError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import { refusalOf, type RegistryClient } from '../registry/index.ts';
import { type Destination, destinationOf } from './destination.ts';
import type { PushTarget } from './target.ts';

/** A digest that is right under a name, if the manifests below it that are wanted are there, too. */
export interface RightDigest {
  readonly digest: Digest;
  /** Of a sparse index alone: what is whole is there whole, since a tag is put last. */
  readonly below: readonly Digest[];
}

/** A stored name, `repository:tag`, and the digests that are right under it. */
export interface WantedName {
  readonly name: string;
  readonly right: readonly RightDigest[];
}

/** What a target has under a name. */
export interface FoundName {
  readonly target: PushTarget;
  readonly name: string;
  readonly to: Destination;
  /** Undefined where nothing stands there, and where the target does not tell. */
  readonly found: Digest | undefined;
  /** Whether that is right. */
  readonly there: boolean;
  /** Whether it is another image's. */
  readonly differs: boolean;
  /** Why the target does not tell. */
  readonly error?: OciSaveError | undefined;
}

type Asking = Pick<RegistryClient, 'findManifest'>;

/**
 * Asks targets which names they have already, by one HEAD a name and target, and one for each manifest below a sparse
 * index (a GET only of a registry that refuses HEAD). Never throws for a target's answer: what is not known to be there, is not there.
 * @throws the signal's reason
 */
export async function findPushed(
  wanted: readonly WantedName[],
  targets: readonly PushTarget[],
  client: Asking,
  signal?: AbortSignal,
): Promise<FoundName[]> {
  const ask = async (target: PushTarget, { name, right }: WantedName): Promise<FoundName> => {
    const to = destinationOf(target, name);
    const { found, error } = await findOne(to, client, { signal });
    const one = right.find(({ digest }) => digest === found);
    const there = one !== undefined && (await hasBelow(to, one.below, client, signal));
    return { target, name, to, found, there, differs: found !== undefined && one === undefined, error };
  };
  return Promise.all(targets.flatMap((target) => wanted.map((name) => ask(target, name))));
}

/** Whether a repository has all of these manifests, by one HEAD each. What it does not tell of, it has not. */
export async function hasBelow(
  to: Destination,
  digests: readonly Digest[],
  client: Asking,
  signal?: AbortSignal,
): Promise<boolean> {
  const found = await Promise.all(
    digests.map((digest) => findOne({ ...to, tag: digest }, client, { signal })),
  );
  return found.every((one, at) => one.found === digests[at]);
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
