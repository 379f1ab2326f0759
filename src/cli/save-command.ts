import { Command } from 'commander';
import { renderSummary, renderWarnings } from '../view/index.ts';
import { save } from '../commands/index.ts';
import { parseFlags } from './credentials.ts';
import { addFlags, takeFlags } from './flags.ts';
import { refuseFiles, refuseNothing } from './forgotten-flag.ts';
import { type Host, runCommand } from './run.ts';

const EXAMPLES = `
Examples:
  oci-save save -f images.txt -p linux/amd64,linux/arm64 --archive tar
  oci-save save -f images.txt -o site-a --on-error warn
  oci-save save -f images.txt --archive tar --split-size 1900MiB
  GH_TOKEN=$(gh auth token) oci-save save -f images.txt --release v1.2.3
  oci-save save 'quay.io/acme/db:1 => registry.example/db:1' --dry-run
  oci-save save -f images.txt --push registry.example:5000/mirror
  some-tool --list-images | oci-save save -f -
  oci-save save -f images.lock.json --archive tar

Exit codes: 0 done, 1 an image, a digest, a target or the release failed, 2 nothing was started, 130 and 143
interrupted.
`;

/** `oci-save save`: the whole run. `done` gets the exit code. */
export function saveCommand(host: Host, done: (exitCode: number) => void): Command {
  const command = new Command('save')
    .description('save images into a bundle that zot can serve without changes')
    .argument('[reference...]', 'images to save, in addition to those in lists');
  return addFlags(command)
    .addHelpText('after', EXAMPLES)
    .action(async (images: string[], flags: Record<string, unknown>) => {
      await refuseFiles(images);
      const { output, rest } = takeFlags(flags, host);
      const options = await parseFlags(rest, { images }, host.stdin);
      refuseNothing(options);
      return runCommand(host, output, done, async (io) => {
        const { report } = await save(options, io);
        return {
          failed: report.outcome === 'failed',
          loud: report.outcome !== 'done',
          json: report,
          text: (view) => `\n${renderSummary(report, view)}`,
          warnings: (view) => renderWarnings(report, view),
        };
      });
    });
}
