import { fetchBytes } from '../http/index.ts';
import { type FetchList, MAX_LIST_BYTES } from '../list/index.ts';
import type { SaveOptions } from '../options/index.ts';
import { openTrust } from '../trust/index.ts';
import type { CommandIo } from './client.ts';

const MINUTE = 60_000;

/**
 * Fetches lists from addresses, with the certificates and proxies of the run. What is read of certificates is told when the
 * run's own client reads them.
 */
export function listFetcher(
  options: Pick<SaveOptions, 'certsDir' | 'caFile' | 'retries'>,
  { env, signal }: Pick<CommandIo, 'env' | 'signal'>,
): FetchList {
  const { certsDir, caFile, retries } = options;
  return async ({ url, file }) => {
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
