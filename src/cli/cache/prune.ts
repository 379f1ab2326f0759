import { Command } from 'commander';
import { OciSaveError } from '../../errors.ts';
import { formatBytes, formatCount } from '../../text/bytes.ts';
import { plainText, printableJson } from '../../text/plain-text.ts';
import { pruneStore, type Pruned, type PruneRule } from '../../store/index.ts';
import { addFlags } from '../flags.ts';
import { takeStoreFlags } from './flags.ts';
import type { Host } from '../run.ts';

const EXAMPLES = `
Examples:
  oci-save cache prune                          # down to the default limit
  oci-save cache prune --cache-max-size 5GiB
  oci-save cache prune --unused-for 30 --dry-run
  oci-save cache prune --all

What a run in progress needs is kept, and so is what a bundle links: removing that would free no space.
`;

const DAY = 24 * 60 * 60_000;

/** `oci-save cache prune`: removes the least recently used blobs, those unused for some days, or all. */
export function cachePruneCommand(host: Host, done: (exitCode: number) => void): Command {
  return addFlags(new Command('prune'), ['cacheDir', 'cacheMaxSize'])
    .description('remove the least recently used blobs, down to a limit')
    .option('--unused-for <days>', 'remove what no run has used for this many days, whatever the size')
    .option('--all', 'remove everything that no run in progress and no bundle needs')
    .option('--dry-run', 'show what would be removed; remove nothing')
    .addHelpText('after', EXAMPLES)
    .action(async (flags: Record<string, unknown>) => {
      const { folder, maxBytes, output, rest } = takeStoreFlags(flags, 'prune', host);
      const rule = ruleOf({ ...rest, cacheMaxSize: flags['cacheMaxSize'] }, maxBytes);
      const dryRun = rest['dryRun'] === true;
      const pruned = await pruneStore(folder, { rule, dryRun });
      if (output.json) host.stdout.write(`${printableJson({ folder, dryRun, ...pruned })}\n`);
      if (!output.quiet) host.stderr.write(`${renderPruned(pruned, folder, dryRun)}\n`);
      done(0);
    });
}

function ruleOf(flags: Readonly<Record<string, unknown>>, maxBytes: number): PruneRule {
  const { all, unusedFor, cacheMaxSize } = flags;
  const days = typeof unusedFor === 'string' ? unusedFor : '';
  if ([all, unusedFor, cacheMaxSize].filter((flag) => flag !== undefined).length > 1) {
    throw new OciSaveError({
      code: 'usage',
      message: '--all, --unused-for and --cache-max-size exclude each other',
      hint: 'Run it once for each.',
    });
  }
  if (all === true) return { kind: 'all' };
  if (unusedFor === undefined) return { kind: 'size', maxBytes };
  if (/^\d{1,5}$/.test(days)) return { kind: 'unused-since', time: Date.now() - Number(days) * DAY };
  throw new OciSaveError({ code: 'usage', message: `--unused-for: '${days}' is not a number of days` });
}

function renderPruned({ removed, kept, linked }: Pruned, folder: string, dryRun: boolean): string {
  const words = ({ blobs, bytes }: Pruned['removed']): string =>
    `${formatCount(blobs, 'blob')}, ${formatBytes(bytes)}`;
  const did = dryRun ? 'Would remove' : 'Removed';
  return [
    removed.blobs === 0 ? 'Nothing to remove' : `${did} ${words(removed)}`,
    `${plainText(folder)} keeps ${words(kept)}`,
    ...(linked.blobs === 0 ? [] : [`and ${words(linked)} that bundles link, at no additional space`]),
  ].join('\n');
}
