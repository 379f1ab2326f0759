import type { Command } from 'commander';
import { parseStoreOptions } from '../options/index.ts';
import { storeFolder } from '../runtime/store-folder.ts';
import type { Host, Manner } from './face.ts';
import { addManner, takeManner } from './manner.ts';
import { addOnly } from './option-flags.ts';

/** What every command about the store is told. */
export interface StoreFlags {
  readonly folder: string;
  /** The limit of the store, in bytes. */
  readonly maxBytes: number;
  readonly manner: Manner;
  /** Flags of the command's own. */
  readonly rest: Readonly<Record<string, unknown>>;
}

/** Adds `--cache-dir` as a save has it, `--cache-max-size` where the limit matters, and the manner. */
export function addStoreFlags(command: Command, limited: 'limited' | 'whatever its size'): Command {
  return addManner(addOnly(command, limited === 'limited' ? ['cacheDir', 'cacheMaxSize'] : ['cacheDir']));
}

/** Reads those of a command that is called so. Throws `usage` for a size that is none. */
export function takeStoreFlags(
  flags: Readonly<Record<string, unknown>>,
  command: string,
  host: Host,
): StoreFlags {
  const { manner, rest: given } = takeManner(flags, host);
  const { cacheDir, cacheMaxSize, ...rest } = given;
  const stored = {
    ...(cacheDir === undefined ? {} : { cacheDir }),
    ...(cacheMaxSize === undefined ? {} : { cacheMaxSize }),
  };
  const options = parseStoreOptions(stored, command);
  return { folder: storeFolder(options.cacheDir, host.env), maxBytes: options.cacheMaxSize, manner, rest };
}
