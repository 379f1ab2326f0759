import { OciSaveError } from '../errors.ts';
import { fetchBytes } from '../http/index.ts';
import { type FetchList, MAX_LIST_BYTES } from '../list/index.ts';
import type { SaveOptions } from '../options/index.ts';
import { hint, option } from '../text/hint.ts';
import { openTrust } from '../trust/index.ts';
import type { CommandIo } from './client.ts';

const MINUTE = 60_000;

/**
 * Fetches lists from addresses, with the certificates and proxies of the run. What is read of certificates is told when the
 * run's own client reads them.
 */
export function listFetcher(
  options: Pick<SaveOptions, 'certsDir' | 'caFile' | 'retries' | 'offline'>,
  { env, signal }: Pick<CommandIo, 'env' | 'signal'>,
): FetchList {
  const { certsDir, caFile, retries, offline } = options;
  return async ({ url, file }) => {
    if (offline) {
      throw new OciSaveError({
        code: 'usage',
        message: `${file} is not fetched: nothing is asked of a network, offline`,
        hint: hint`Fetch it before, and name the file; or leave out ${option('offline')}.`,
      });
    }
    const trust = await openTrust({ certsDir, caFile, env, onWarning: () => {} });
    return fetchBytes(url, {
      subject: file,
      env,
      trust: trust.of,
      limits: { bytes: MAX_LIST_BYTES, milliseconds: 5 * MINUTE, stallMilliseconds: MINUTE, retries },
      signal,
    });
  };
}
