import { parseStoreOptions } from '../../options/index.ts';
import { storeFolder } from '../../runtime/index.ts';
import { takeFlags } from '../flags.ts';
import type { Host } from '../run.ts';

/**
 * Reads the flags of a command about the store: its folder, its limit in bytes, the output flags, and the command's own
 * in `rest`. Throws `usage` for an invalid size.
 */
export function takeStoreFlags(flags: Readonly<Record<string, unknown>>, command: string, host: Host) {
  const { output, rest: given } = takeFlags(flags, host);
  const { cacheDir, cacheMaxSize, ...rest } = given;
  const options = parseStoreOptions({ cacheDir, cacheMaxSize }, command);
  return { folder: storeFolder(options.cacheDir, host.env), maxBytes: options.cacheMaxSize, output, rest };
}
