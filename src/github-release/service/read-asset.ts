import { OciSaveError } from '../../errors.ts';
import { digestOf } from '../../oci/digest.ts';
import type { Asset, ReleaseService } from './service.ts';

/** Locks and reports of a thousand images have some megabytes. */
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * A small file of a release; undefined where it is not there, is too large to be one, or its bytes are not those that the
 * service describes.
 *
 * @param most bytes that are read
 * @throws OciSaveError what the service refused
 */
export async function readAsset(
  asset: Asset | undefined,
  service: Pick<ReleaseService, 'read'>,
  most = MAX_BYTES,
): Promise<Buffer | undefined> {
  if (asset === undefined || asset.state !== 'uploaded' || asset.size > most) return undefined;
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of service.read(asset)) {
      length += chunk.length;
      if (length > asset.size) return undefined;
      chunks.push(chunk);
    }
  } catch (error) {
    // Another job removed it after it was listed.
    if (error instanceof OciSaveError && error.code === 'not-found') return undefined;
    throw error;
  }
  const bytes = Buffer.concat(chunks);
  const isRight = asset.digest === null || asset.digest === digestOf(bytes);
  return length === asset.size && isRight ? bytes : undefined;
}
