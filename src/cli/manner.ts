import type { Command } from 'commander';
import type { Host, Manner } from './face.ts';
import { wantsColor } from './face.ts';

export function addManner(command: Command): Command {
  return command
    .option('--json', 'for machines: the result on stdout, and nothing else there')
    .option('--quiet', 'warnings and errors alone')
    .option('--verbose', 'say more')
    .option('--no-color', 'no colours');
}

/** Splits a command's flags into the manner and the rest. */
export function takeManner(
  flags: Readonly<Record<string, unknown>>,
  host: Host,
): { manner: Manner; rest: Record<string, unknown> } {
  const { json, quiet, verbose, color, ...rest } = flags;
  return {
    manner: {
      json: json === true,
      quiet: quiet === true,
      verbose: verbose === true,
      color: wantsColor(host, color !== false),
    },
    rest,
  };
}
