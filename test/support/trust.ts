import { type CertificateTrust, openTrust } from '../../src/trust/index.ts';

/** The system's authorities, and nothing of this machine's user. */
export function systemTrust(): Promise<CertificateTrust> {
  return openTrust({ env: {}, caFile: '', certsDir: '', onWarning: () => {} });
}
