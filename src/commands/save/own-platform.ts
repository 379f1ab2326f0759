import type { Emit } from '../../events.ts';
import { formatPlatform, hostPlatform, type PlatformChoice } from '../../oci/platform.ts';

/** The platform that is taken where none was chosen, which is said: Linux on this machine's architecture. */
export function ownPlatform(emit: Emit): PlatformChoice {
  const platform = hostPlatform(process.arch);
  const message = `Platform: ${formatPlatform(platform)}, this machine's; the option platforms names others`;
  emit({ type: 'log', level: 'info', message });
  return [platform];
}
