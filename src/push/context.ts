import { buffer } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import type { Content, StoredManifest } from '../image/index.ts';
import type { Emit } from '../events.ts';
import type { ChosenNames } from '../lock/index.ts';
import type { Digest } from '../oci/digest.ts';
import type { RegistryClient, Repository } from '../registry/index.ts';
import { damagedBlobOf } from '../store/index.ts';
import type { PushPolicy } from './decide.ts';
import type { IndexChoice } from './plan.ts';

/** What a push works with. */
export interface PushContext {
  readonly client: RegistryClient;
  readonly content: Content;
  /** The names that images get in place of stored ones; without it these. */
  readonly namesOf?: ChosenNames['of'] | undefined;
  /** How a sparse image is pushed. */
  readonly index: IndexChoice;
  /** What is done with a tag that a target has with another digest. */
  readonly policy: PushPolicy;
  /** `fail`: a target that would refuse anything gets nothing. */
  readonly onError: 'fail' | 'warn';
  /** Only HEAD requests. */
  readonly dryRun: boolean;
  /** Images and large blobs at once, per target; 0 for the default of each. */
  readonly parallel: number;
  readonly retries: number;
  /** Milliseconds to wait for a target that is not up yet. */
  readonly waitMilliseconds: number;
  /** Fetches a blob again that is damaged here, once; without it an image that names one fails. */
  readonly bringBack?: ((digest: Digest) => Promise<void>) | undefined;
  /** Waits; a test has a clock of its own. */
  readonly pause?: typeof waitFor | undefined;
  readonly emit: Emit;
  readonly signal?: AbortSignal | undefined;
}

export async function waitFor(milliseconds: number, signal?: AbortSignal): Promise<void> {
  await setTimeout(milliseconds, undefined, signal === undefined ? {} : { signal });
}

/** A manifest of the lock: all of them were read when its content was. */
export function manifestOf({ manifests }: Content, digest: Digest): StoredManifest {
  const found = manifests.get(digest);
  if (found === undefined) throw new Error(`the lock has no manifest ${digest}`);
  return found;
}

/** The bytes of a manifest, fetched again where it is lost. Throws `digest` where that is not possible. */
export async function manifestBytes(
  { content, bringBack }: Pick<PushContext, 'content' | 'bringBack'>,
  digest: Digest,
): Promise<Uint8Array> {
  const { size } = manifestOf(content, digest);
  const read = (): Promise<Uint8Array> => buffer(content.port.range({ digest, size }, 0, size));
  try {
    return await read();
  } catch (error) {
    if (bringBack === undefined || damagedBlobOf(error) !== digest) throw error;
    await bringBack(digest);
    return read();
  }
}

/** Puts the exact bytes of a manifest, with their own media type, by its digest or under a tag. */
export async function putManifest(
  context: PushContext,
  repository: Repository,
  digest: Digest,
  reference: string = digest,
): Promise<void> {
  const { client, content, signal } = context;
  const { mediaType } = manifestOf(content, digest).manifest;
  const bytes = await manifestBytes(context, digest);
  await client.putManifest(repository, reference, { bytes, digest, mediaType }, signal);
}
