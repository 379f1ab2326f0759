import { Command } from 'commander';
import { type OptionName, parseReleaseOptions } from '../options/index.ts';
import { releaseContent } from '../commands/index.ts';
import { renderRelease } from '../view/index.ts';
import { addFlags, takeFlags } from './flags.ts';
import { type Host, runCommand } from './run.ts';

const EXAMPLES = `
Examples:
  GH_TOKEN=$(gh auth token) oci-save release oci-bundle v1.2.3 --repository acme/site
  oci-save release oci-bundle v1.2.3 --dry-run
  oci-save release oci-bundle.tar.001 v1.2.3

The token comes from GH_TOKEN or GITHUB_TOKEN, the repository from --repository or GITHUB_REPOSITORY. The archive is
computed from the bundle and never written to the disk; it has the same bytes as the archive of oci-save save, and every
blob is hashed before anything is sent. What the release already has with the same digest is not sent again.
`;

/** Options of a save that this command has, too. */
const OPTIONS: readonly OptionName[] = ['archiveName', 'splitSize', 'releasePolicy', 'retries', 'dryRun'];

/** `oci-save release`: a bundle or an archive as files of a release on GitHub. */
export function releaseCommand(host: Host, done: (exitCode: number) => void): Command {
  const command = new Command('release')
    .description('upload a bundle or an archive to a release on GitHub')
    .argument('<content>', 'a bundle, an archive, or one of its parts')
    .argument('<tag>', 'the release; auto: the tag that the workflow runs for')
    .option('--repository <owner/name>', 'where the release is (default: GITHUB_REPOSITORY)');
  return addFlags(command, OPTIONS)
    .addHelpText('after', EXAMPLES)
    .action((content: string, tag: string, { repository, ...flags }: Record<string, unknown>) => {
      const { output, rest } = takeFlags(flags, host);
      const where = typeof repository === 'string' ? repository : undefined;
      const options = { ...parseReleaseOptions(rest), content, tag, repository: where };
      return runCommand(host, output, done, async (io) => {
        const release = await releaseContent(options, io);
        return {
          failed: release.failure !== undefined,
          json: release,
          text: (view) => `\n${renderRelease(release, view)}`,
        };
      });
    });
}
