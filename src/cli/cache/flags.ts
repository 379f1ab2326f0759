import type { Command } from 'commander';
import { parseStoreOptions } from '../../options/index.ts';
import { storeFolder } from '../../runtime/index.ts';
import { addFlags, takeFlags } from '../flags.ts';
import type { Host, OutputFlags } from '../run.ts';

/** What every command about the store gets. */
export interface StoreFlags {
  readonly folder: string;
  /** The limit of the store, in bytes. */
  readonly maxBytes: number;
  readonly output: OutputFlags;
  /** Flags of the command's own. */
  readonly rest: Readonly<Record<string, unknown>>;
}

/** Adds `--cache-dir` as a save has it, `--cache-max-size` where the limit matters, and the output flags. */
export function addStoreFlags(command: Command, limited: 'limited' | 'whatever its size'): Command {
  return addFlags(command, limited === 'limited' ? ['cacheDir', 'cacheMaxSize'] : ['cacheDir']);
}

/** Reads those of a command that is called so. Throws `usage` for what is not a size. */
export function takeStoreFlags(
  flags: Readonly<Record<string, unknown>>,
  command: string,
  host: Host,
): StoreFlags {
  const { output, rest: given } = takeFlags(flags, host);
  const { cacheDir, cacheMaxSize, ...rest } = given;
  const stored = {
    ...(cacheDir === undefined ? {} : { cacheDir }),
    ...(cacheMaxSize === undefined ? {} : { cacheMaxSize }),
  };
  const options = parseStoreOptions(stored, command);
  return { folder: storeFolder(options.cacheDir, host.env), maxBytes: options.cacheMaxSize, output, rest };
}
