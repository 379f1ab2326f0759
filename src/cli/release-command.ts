import { Command } from 'commander';
import { letFetchUseProxies } from '../runtime/fetch-proxy.ts';
import { watchSignals } from '../runtime/interruption.ts';
import { parseReleaseOptions } from '../options/index.ts';
import { releaseContent } from '../commands/release.ts';
import { printableJson } from '../text/plain-text.ts';
import { renderRelease } from '../view/index.ts';
import { type Host, reporterFor } from './face.ts';
import { addManner, takeManner } from './manner.ts';
import { addOnly } from './option-flags.ts';

const EXAMPLES = `
Examples:
  GH_TOKEN=$(gh auth token) oci-save release oci-bundle v1.2.3 --repository acme/site
  oci-save release oci-bundle v1.2.3 --dry-run
  oci-save release oci-bundle.tar.001 v1.2.3

The token comes from GH_TOKEN or GITHUB_TOKEN, the repository from --repository or GITHUB_REPOSITORY. The archive is
computed from the bundle and never stands on the disk; it has the bytes that oci-save save makes of the same bundle, and
every blob is hashed before anything is sent. What the release has with the same digest is not sent again.
`;

/** Options of a save that mean the same here. */
const SHARED = ['archiveName', 'splitSize', 'releasePolicy', 'retries', 'dryRun'];

/** `oci-save release`: a bundle or an archive as files of a release on GitHub. */
export function releaseCommand(host: Host, done: (exitCode: number) => void): Command {
  const command = new Command('release')
    .description('upload a bundle or an archive to a release on GitHub')
    .argument('<content>', 'a bundle, an archive, or one of its parts')
    .argument('<tag>', 'the release; auto: the tag that the workflow runs for')
    .option('--repository <owner/name>', 'where the release is (default: GITHUB_REPOSITORY)');
  return addManner(addOnly(command, SHARED))
    .addHelpText('after', EXAMPLES)
    .action(async (content: string, tag: string, flags: Record<string, unknown>) => {
      const { manner, rest } = takeManner(flags, host);
      const { repository, ...given } = rest;
      const options = parseReleaseOptions(given);
      letFetchUseProxies(host.env);
      const reporter = reporterFor(host, manner);
      const interruption = watchSignals(host);
      try {
        const { env, stdout, stderr } = host;
        const release = await releaseContent(
          { ...options, content, tag, repository: typeof repository === 'string' ? repository : undefined },
          { env, emit: reporter.emit, signal: interruption.signal },
        );
        reporter.stop();
        if (manner.json) stdout.write(`${printableJson(release)}\n`);
        const failed = release.failure !== undefined;
        if (!manner.quiet || failed) {
          stderr.write(`\n${renderRelease(release, { color: manner.color, width: stderr.columns })}\n`);
        }
        done(failed ? 1 : 0);
      } finally {
        reporter.stop();
        interruption.stop();
        done(interruption.exitCode() ?? 0);
      }
    });
}
