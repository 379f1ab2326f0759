import { createHash } from 'node:crypto';
import { OciSaveError } from '../../errors.ts';
import { type RetryPolicy, withRetries } from '../../http/index.ts';
import { saysNameIsTaken } from './refusal.ts';
import type { Asset, Release, ReleaseService } from './service.ts';
import { isSame, type WantedFile } from '../plan.ts';

/** A file that can be sent, as often as it has to be. */
export interface ReleaseFile extends WantedFile {
  readonly open: () => AsyncGenerator<Uint8Array>;
}

export interface UploadContext {
  readonly service: ReleaseService;
  readonly release: Release;
  readonly retry: RetryPolicy;
  /** Called with bytes that were sent; negative where an attempt failed. */
  readonly onBytes: (delta: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Sends one file under a name that is free. What a broken attempt left under it is removed before the next one starts
 * with a new stream; an attempt whose response alone was lost counts.
 * @throws OciSaveError `digest` where the service has other bytes then
 */
export function uploadFile(file: ReleaseFile, name: string, context: UploadContext): Promise<Asset> {
  const { service, release, retry, signal } = context;
  const attempt = async (number: number): Promise<Asset> => {
    if (number > 1) {
      const there = (await service.assets(release)).find((asset) => asset.name === name);
      if (there !== undefined && (await isWhole(file, there, service))) return there;
      if (there !== undefined) await service.remove(there);
    }
    const asset = await attemptUpload(file, name, context);
    if (await isWhole(file, asset, service)) return asset;
    await service.remove(asset);
    throw otherBytes(name, asset);
  };
  return withRetries(attempt, retry, { signal, may: mayRetry });
}

function mayRetry(error: unknown): boolean {
  if (saysNameIsTaken(error) || error instanceof OtherBytesError) return true;
  return error instanceof OciSaveError && error.code === 'network';
}

async function attemptUpload(
  { size, open }: ReleaseFile,
  name: string,
  { service, release, onBytes, signal }: UploadContext,
): Promise<Asset> {
  let sent = 0;
  let fault: { readonly error: unknown } | undefined;
  async function* counted(): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of open()) {
        signal?.throwIfAborted();
        yield chunk;
        sent += chunk.length;
        onBytes(chunk.length);
      }
    } catch (error) {
      fault = { error };
      throw error;
    }
  }
  try {
    return await service.upload(release, { name, size, open: counted });
  } catch (error) {
    onBytes(-sent);
    // The network's error for a stream that ended here does not say why.
    throw fault === undefined ? error : fault.error;
  }
}

/** Whether an asset is the file. Where the service gives no digest, its bytes are read back. */
export async function isWhole(file: WantedFile, asset: Asset, service: ReleaseService): Promise<boolean> {
  return isSame(file, await withDigest(asset, service));
}

/** The asset with the digest of its bytes, from the service or by reading it. */
export async function withDigest(asset: Asset, service: Pick<ReleaseService, 'read'>): Promise<Asset> {
  if (asset.digest !== null || asset.state !== 'uploaded') return asset;
  const hash = createHash('sha256');
  for await (const chunk of service.read(asset)) hash.update(chunk);
  return { ...asset, digest: `sha256:${hash.digest('hex')}` };
}

class OtherBytesError extends OciSaveError {}

function otherBytes(name: string, { size, state, digest }: Asset): OciSaveError {
  return new OtherBytesError({
    code: 'digest',
    message: `${name} arrived as other bytes: the release has ${size} bytes of it (${state}, ${digest ?? 'no digest'})`,
    hint: 'It was removed again. Something between here and the service damages data: look at the proxy and the line.',
  });
}
