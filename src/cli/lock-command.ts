import path from 'node:path';
import { Command } from 'commander';
import { foreignAt, refuseForeign, writeFileWhole } from '../bundle/index.ts';
import { encodeLock, LOCK_FILE_KIND } from '../lock/index.ts';
import { type OptionName } from '../options/index.ts';
import { renderSummary, renderWarnings } from '../view/index.ts';
import { save } from '../commands/index.ts';
import { parseFlags } from './credentials.ts';
import { addFlags, takeFlags } from './flags.ts';
import { refuseFiles, refuseNothing } from './forgotten-flag.ts';
import { type Host, runCommand } from './run.ts';

/** Options of a save that decide the content of a lock, and those of its requests. */
const OPTIONS: readonly OptionName[] = [
  'imageList',
  'listFormat',
  'vars',
  'defaultRegistry',
  'imageRules',
  'onCandidate',
  'expandTags',
  'ignore',
  'platforms',
  'onMissingPlatform',
  'index',
  'format',
  'source',
  'offline',
  'naming',
  'authFile',
  'credentials',
  'certsDir',
  'caFile',
  'insecureRegistries',
  'mirrors',
  'strictTags',
  'cacheDir',
  'cacheMaxSize',
  'retries',
  'skopeo',
];

const EXAMPLES = `
Examples:
  oci-save lock -f images.txt > images.lock.json
  oci-save lock -f images.txt -o images.lock.json
`;

/** `oci-save lock`: resolves a list to digests and sizes, and copies nothing. */
export function lockCommand(host: Host, done: (exitCode: number) => void): Command {
  const command = new Command('lock')
    .description('resolve a list to digests; nothing is copied')
    .argument('[reference...]', 'images to resolve, in addition to those in lists')
    .option('-o, --output <file>', 'the file of the lock (default: stdout)');
  return addFlags(command, OPTIONS)
    .addHelpText('after', EXAMPLES)
    .action(async (images: string[], { output: place, ...flags }: Record<string, unknown>) => {
      await refuseFiles(images);
      const { output, rest } = takeFlags(flags, host);
      const options = await parseFlags(rest, { images, dryRun: true }, host.stdin);
      refuseNothing(options);
      const file = typeof place === 'string' ? path.resolve(place) : undefined;
      if (file !== undefined) refuseForeign(await foreignAt(file, LOCK_FILE_KIND));
      await runCommand(host, output, done, async (io) => {
        const { report, lock } = await save(options, { ...io, lockOnly: true });
        const failed = report.failed.length > 0;
        return {
          failed,
          text: (view) => `\n${renderSummary(report, view)}`,
          warnings: (view) => renderWarnings(report, view),
          async write() {
            if (failed) return;
            if (file === undefined) host.stdout.write(encodeLock(lock));
            else await writeFileWhole(file, encodeLock(lock));
          },
        };
      });
    });
}
