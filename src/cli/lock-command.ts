import path from 'node:path';
import { Command } from 'commander';
import { foreignAt, refuseForeign, writeFileWhole } from '../bundle/index.ts';
import { encodeLock, LOCK_FILE_KIND } from '../lock/index.ts';
import { parseOptions } from '../options/index.ts';
import { renderSummary } from '../view/index.ts';
import { save } from '../commands/save/save.ts';
import { type Host, reporterFor } from './face.ts';
import { watchSignals } from '../runtime/interruption.ts';
import { interruptible } from './interruptible.ts';
import { addManner, takeManner } from './manner.ts';
import { addOptions } from './option-flags.ts';

/** Options of a save that say where bytes go: a lock moves none. */
const NOT_FOR_LOCKS = [
  'output',
  'layout',
  'archive',
  'archiveName',
  'splitSize',
  'push',
  'pushPolicy',
  'release',
  'releasePolicy',
  'copier',
  'push',
  'pushPolicy',
  'parallel',
  'onError',
  'dryRun',
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
    .argument('[reference...]', 'images to resolve, beside those in lists')
    .option('-o, --output <file>', 'where the lock is written (default: stdout)');
  return addManner(addOptions(command, NOT_FOR_LOCKS))
    .addHelpText('after', EXAMPLES)
    .action(async (images: string[], { output, ...flags }: Record<string, unknown>) => {
      const { manner, rest } = takeManner(flags, host);
      const options = parseOptions({ ...rest, images, dryRun: true });
      const file = typeof output === 'string' ? path.resolve(output) : undefined;
      if (file !== undefined) refuseForeign(await foreignAt(file, LOCK_FILE_KIND));
      const reporter = reporterFor(host, manner);
      const interruption = watchSignals(host);
      try {
        const { env, stdin, stdout, stderr } = host;
        const { signal } = interruption;
        const input = interruptible(stdin, signal);
        const io = { env, stdin: input, emit: reporter.emit, signal, lockOnly: true };
        const { report, lock } = await save(options, io);
        reporter.stop();
        const failed = report.failed.length > 0;
        if (!manner.quiet || failed) {
          stderr.write(`\n${renderSummary(report, { color: manner.color, width: stderr.columns })}\n`);
        }
        if (!failed && file !== undefined) await writeFileWhole(file, encodeLock(lock));
        else if (!failed) stdout.write(encodeLock(lock));
        done(failed ? 1 : 0);
      } finally {
        reporter.stop();
        interruption.stop();
        done(interruption.exitCode() ?? 0);
      }
    });
}
