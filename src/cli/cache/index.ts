import { Command } from 'commander';
import { cacheListCommand } from './list.ts';
import { cachePruneCommand } from './prune.ts';
import { cacheVerifyCommand } from './verify.ts';
import type { Host } from '../run.ts';

const EXAMPLES = `
Examples:
  oci-save cache list
  oci-save cache verify
  oci-save cache prune --cache-max-size 5GiB
`;

/** `oci-save cache`: what is kept between runs on this machine. */
export function cacheCommand(host: Host, done: (exitCode: number) => void): Command {
  return new Command('cache')
    .description('what is kept between runs on this machine: list it, verify it, prune it')
    .addHelpText('after', EXAMPLES)
    .addCommand(cacheListCommand(host, done))
    .addCommand(cacheVerifyCommand(host, done))
    .addCommand(cachePruneCommand(host, done));
}
