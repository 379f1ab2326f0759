import { OciSaveError } from '../../errors.ts';
import { fetchBytes } from '../../http/index.ts';
import { MAX_MANIFEST_BYTES } from '../../oci/manifest.ts';
import { digestOf, shortDigest } from '../../oci/digest.ts';
import type { ServedTag } from '../../serve/index.ts';

const LIMITS = { bytes: MAX_MANIFEST_BYTES, milliseconds: 10_000, stallMilliseconds: 10_000, retries: 0 };

/**
 * Asks a registry for a tag and compares the bytes: an empty registry answers, too, and so does another one.
 * @returns `right`; `none` where nobody answers; else words for what came
 */
export async function asksFor(
  address: string,
  known: ServedTag | undefined,
  signal: AbortSignal,
): Promise<string> {
  const place = known === undefined ? '' : `${known.repository}/manifests/${known.tag}`;
  try {
    // No proxy leads to this machine itself.
    const options = { subject: place, env: {}, limits: LIMITS, signal };
    const bytes = await fetchBytes(`http://${address}/v2/${place}`, options);
    const digest = digestOf(bytes);
    return known === undefined || digest === known.digest ? 'right' : `with ${shortDigest(digest)}`;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof OciSaveError)) throw error;
    return error.code === 'network' ? 'none' : `with an error: ${error.message}`;
  }
}
