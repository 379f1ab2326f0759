import { join } from 'node:path';
import { outputOf } from '../support/program.ts';
import { findTool, toolPath } from '../support/tools.ts';

/** The suite of the OCI distribution-spec, as its main branch has it; no tagged version has its read-only part. */
const SUITE = 'github.com/opencontainers/distribution-spec/conformance@v0.0.0-20260831232431-97274622c111';

/** The suite's program: one that is there (`CONFORMANCE_BIN`, PATH), else built by Go into a folder, in seconds. */
export async function conformanceSuite(folder: string): Promise<string> {
  const found = findTool('conformance');
  if (found !== undefined) return found;
  const settings = ['GOPROXY', 'GOFLAGS', 'GOMODCACHE', 'GOCACHE', 'GOSUMDB', 'HTTPS_PROXY', 'SSL_CERT_FILE'];
  const env = Object.fromEntries(
    settings.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
  await outputOf(toolPath('go'), ['install', SUITE], { env: { ...env, GOBIN: folder } });
  return join(folder, 'conformance');
}
