import { Command } from 'commander';
import { parseOptions } from '../options/index.ts';
import { printableJson } from '../text/plain-text.ts';
import { renderSummary } from '../view/index.ts';
import { letFetchUseProxies } from '../runtime/fetch-proxy.ts';
import { save } from '../commands/save/save.ts';
import { type Host, reporterFor } from './face.ts';
import { watchSignals } from '../runtime/interruption.ts';
import { interruptible } from './interruptible.ts';
import { addManner, takeManner } from './manner.ts';
import { addOptions } from './option-flags.ts';

const EXAMPLES = `
Examples:
  oci-save save -f images.txt -p linux/amd64,linux/arm64 --archive tar
  oci-save save -f images.txt -o site-a --on-error warn
  oci-save save -f images.txt --archive tar --split-size 1900MiB
  GH_TOKEN=$(gh auth token) oci-save save -f images.txt --release v1.2.3
  oci-save save 'quay.io/acme/db:1 => registry.example/db:1' --dry-run
  oci-save save -f images.txt --push registry.example:5000/mirror
  some-tool --list-images | oci-save save -f -

Exit codes: 0 done, 1 an image, a digest, a target or the release failed, 2 nothing was started, 130 and 143
interrupted.
`;

/** `oci-save save`: the whole run. `done` is told the exit code. */
export function saveCommand(host: Host, done: (exitCode: number) => void): Command {
  const command = new Command('save')
    .description('save images into a bundle that zot serves as it stands')
    .argument('[reference...]', 'images to save, beside those in lists');
  return addManner(addOptions(command))
    .addHelpText('after', EXAMPLES)
    .action(async (images: string[], flags: Record<string, unknown>) => {
      const { manner, rest } = takeManner(flags, host);
      const options = parseOptions({ ...rest, images });
      if (options.release !== '') letFetchUseProxies(host.env);
      const reporter = reporterFor(host, manner);
      const interruption = watchSignals(host);
      try {
        const { env, stdin, stdout, stderr } = host;
        const { report } = await save(options, {
          env,
          stdin: interruptible(stdin, interruption.signal),
          emit: reporter.emit,
          signal: interruption.signal,
        });
        reporter.stop();
        if (manner.json) stdout.write(`${printableJson(report)}\n`);
        if (!manner.quiet || report.outcome !== 'done') {
          stderr.write(`\n${renderSummary(report, { color: manner.color, width: stderr.columns })}\n`);
        }
        done(report.outcome === 'failed' ? 1 : 0);
      } finally {
        reporter.stop();
        interruption.stop();
        done(interruption.exitCode() ?? 0);
      }
    });
}
