import { pushBundle, type PushBundleOptions } from '../../src/commands/push.ts';
import type { Emit } from '../../src/events.ts';
import { parseOptions } from '../../src/options/index.ts';
import type { PushReport } from '../../src/report/index.ts';

export interface PushSettings extends Partial<
  Pick<PushBundleOptions, 'index' | 'onError' | 'dryRun' | 'credentials'>
> {
  /** `/mirror`: where the names stand at the target. */
  readonly prefix?: string;
  readonly emit?: Emit;
}

/** Pushes a bundle's folder to registries on loopback, with default options. */
export function pushBundleTo(
  bundle: string,
  hosts: string | readonly string[],
  { prefix = '', emit = () => {}, ...settings }: PushSettings = {},
): Promise<PushReport> {
  const insecureRegistries = [hosts].flat();
  const { push } = parseOptions({ push: insecureRegistries.map((host) => `${host}${prefix}`) });
  return pushBundle(
    {
      bundle,
      push,
      pushPolicy: 'always',
      index: 'auto',
      authFile: '',
      certsDir: '',
      caFile: '',
      insecureRegistries,
      parallel: 0,
      retries: 0,
      onError: 'fail',
      dryRun: false,
      waitMilliseconds: 0,
      ...settings,
    },
    { env: {}, emit },
  );
}
