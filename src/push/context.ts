import type { Content } from '../image/index.ts';
import { OciSaveError } from '../errors.ts';
import type { Emit } from '../events.ts';
import { type Digest, shortDigest } from '../oci/digest.ts';
import { MAX_MANIFEST_BYTES } from '../oci/manifest.ts';
import type { RegistryClient } from '../registry/index.ts';
import type { PushPolicy } from './decide.ts';
import type { IndexChoice } from './plan.ts';

/** What a push works with. */
export interface PushContext {
  readonly client: RegistryClient;
  readonly content: Content;
  /** How a sparse image is pushed. */
  readonly index: IndexChoice;
  /** What is done with a tag that a target has with another digest. */
  readonly policy: PushPolicy;
  /** Whether what a target would refuse keeps everything else from it. */
  readonly onError: 'fail' | 'warn';
  /** Ask only, and only by HEAD. */
  readonly dryRun: boolean;
  /** Images and large blobs at once, per target; 0 for as many as pay off. */
  readonly parallel: number;
  readonly retries: number;
  /** Milliseconds that a target which is not there yet is waited for. */
  readonly waitMilliseconds: number;
  /** Brings a blob again that turned out to be damaged here, once; without it an image that names one fails. */
  readonly bringBack?: ((digest: Digest) => Promise<void>) | undefined;
  readonly emit: Emit;
  readonly signal?: AbortSignal | undefined;
}

/** The bytes of a manifest that was read before, brought again where it is lost. Throws `digest` where it cannot be had. */
export async function manifestBytes(
  { content: { pool }, bringBack }: Pick<PushContext, 'content' | 'bringBack'>,
  digest: Digest,
): Promise<Uint8Array> {
  const read = (): Promise<Uint8Array | undefined> => pool.read(digest, MAX_MANIFEST_BYTES);
  let bytes = await read();
  if (bytes === undefined && bringBack !== undefined) {
    await bringBack(digest);
    bytes = await read();
  }
  if (bytes !== undefined) return bytes;
  throw new OciSaveError({
    code: 'digest',
    message: `manifest ${shortDigest(digest)} has gone, or is damaged`,
    hint: 'Save it again: what is whole is not fetched again.',
  });
}
