import { Command } from 'commander';
import { OciSaveError } from '../errors.ts';
import { type OptionName } from '../options/index.ts';
import { pushBundle } from '../commands/index.ts';
import { renderPushSummary } from '../view/index.ts';
import { parseFlags } from './credentials.ts';
import { addFlags, append, takeFlags } from './flags.ts';
import { type CommandIo, type Ended, type Host, runCommand } from './run.ts';

/** The options of a save that concern a push. */
const OPTIONS: readonly OptionName[] = [
  'pushPolicy',
  'index',
  'authFile',
  'credentials',
  'certsDir',
  'caFile',
  'insecureRegistries',
  'parallel',
  'retries',
  'onError',
  'dryRun',
];

const EXAMPLES = `
Examples:
  oci-save push oci-bundle registry.example:5000
  oci-save push oci-bundle.tar.001 registry.example:5000      read where it lies, without unpacking
  oci-save push oci-bundle registry.example:5000/mirror ghcr.io/acme --dry-run
  oci-save push oci-bundle 127.0.0.1:5000 --insecure-registries 127.0.0.1:5000
  oci-save push oci-bundle docker.io/acme@depth=2      names folded to acme/docker.io-library-busybox
  oci-save push oci-bundle registry.example:5000 --only 'quay.io/**' --naming quay.io/acme/=apps/

A name docker.io/library/busybox:1 goes to TARGET/docker.io/library/busybox:1, its digest as it is. --only takes globs over
such names: * within a part, ** over several. --naming gives other names, as in a save. A tag is written when
everything that it names is there; what is already there is not sent. Credentials are those of
docker login or podman login, or of --credentials.

Exit codes: 0 done, 1 an image or a target failed, 2 nothing was started, 130 and 143 interrupted.
`;

const STOPPED = 'stopped; every tag that was written is complete, and the next push continues';

/** `oci-save push`: pushes a bundle on the disk, in a folder or an archive, into registries. */
export function pushCommand(host: Host, done: (exitCode: number) => void): Command {
  const command = new Command('push')
    .description('push a bundle into zot or any registry, digest for digest')
    .argument(
      '<bundle>',
      'the folder or the archive that oci-save save wrote; of an archive in parts, any of them',
    )
    .argument('<target...>', 'registry[:port][/prefix][@depth=N]')
    .option('--only <glob>', 'only images whose stored name matches; more of them add up', append)
    .option(
      '--naming <rule>',
      'names at the target: keep-domain, strip-domain, strip-library, FROM=TO; each adds names (default: as stored)',
      append,
    )
    .option('--wait <seconds>', 'how long to wait for a target that does not respond yet', '60');
  return addFlags(command, OPTIONS)
    .addHelpText('after', EXAMPLES)
    .action(async (bundle: string, push: string[], { wait, only, ...flags }: Record<string, unknown>) => {
      const { output, rest } = takeFlags(flags, host);
      const waitMilliseconds = secondsOf(wait) * 1000;
      const globs = Array.isArray(only) ? only.map(String) : [];
      const given = await parseFlags(rest, { push }, host.stdin);
      const options = { ...given, only: globs, bundle, waitMilliseconds };
      const work = async (io: CommandIo): Promise<Ended> => {
        const report = await pushBundle(options, io);
        return {
          failed: report.outcome === 'failed',
          json: report,
          text: (view) => `\n${renderPushSummary(report, view)}`,
        };
      };
      return runCommand(host, output, done, work, STOPPED);
    });
}

function secondsOf(wait: unknown): number {
  const text = String(wait);
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw new OciSaveError({ code: 'usage', message: `--wait: '${text}' is not a number of seconds` });
}
