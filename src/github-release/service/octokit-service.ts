import { assetCalls } from './asset-calls.ts';
import { connect } from './connection.ts';
import { releaseCalls } from './release-calls.ts';
import type { ReleaseService } from './service.ts';
import type { ServiceOptions } from './service-options.ts';
import type { ReleaseTarget } from './target.ts';

/** The releases of a repository on GitHub, or on a GitHub Enterprise Server. */
export function createReleaseService(target: ReleaseTarget, options: ServiceOptions): ReleaseService {
  const connection = connect(target, options);
  return { ...releaseCalls(connection), ...assetCalls(connection) };
}
