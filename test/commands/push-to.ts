import { pushBundle } from '../../src/commands/push.ts';
import { parseOptions } from '../../src/options/index.ts';
import type { PushReport } from '../../src/report/index.ts';

/** Pushes a bundle's folder to a registry on loopback, with default options. */
export function pushBundleTo(
  bundle: string,
  host: string,
  index: 'auto' | 'keep' | 'narrow' = 'auto',
  prefix = '',
): Promise<PushReport> {
  const { push } = parseOptions({ push: `${host}${prefix}` });
  return pushBundle(
    {
      bundle,
      push,
      pushPolicy: 'always',
      index,
      authFile: '',
      insecureRegistries: [host],
      parallel: 0,
      retries: 0,
      onError: 'fail',
      dryRun: false,
      waitMilliseconds: 0,
    },
    { env: {}, emit: () => {} },
  );
}
