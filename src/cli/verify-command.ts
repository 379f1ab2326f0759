import { Command } from 'commander';
import { verifyBundle, type VerifyReport } from '../commands/index.ts';
import { formatBytes, formatCount } from '../text/bytes.ts';
import { plainText } from '../text/plain-text.ts';
import { addFlags, takeFlags } from './flags.ts';
import { type CommandIo, type Ended, type Host, runCommand } from './run.ts';

const EXAMPLES = `
Examples:
  oci-save verify oci-bundle
  oci-save verify app.tar
  oci-save verify app.tar.001              the other parts are found beside it
  cat /media/usb/app.tar.* | oci-save verify -

Every file is hashed and compared with the bundle's lock, every blob under each of its names. Nothing is written, and no
network is needed. What is damaged is named with the images that need it, and the part that has to be copied again.

Exit codes: 0 all is whole, 1 something is damaged or missing, 2 it is not a bundle, 130 and 143 interrupted.
`;

/** `oci-save verify`: hashes all of a bundle, in a folder, an archive, its parts or a stream. */
export function verifyCommand(host: Host, done: (exitCode: number) => void): Command {
  const command = new Command('verify')
    .description('hash all of a bundle and compare it with its lock; names the images that damage concerns')
    .argument('<content...>', 'a bundle, an archive, its parts; - for an archive on standard input');
  return addFlags(command, [])
    .addHelpText('after', EXAMPLES)
    .action((content: string[], flags: Record<string, unknown>) => {
      const { output } = takeFlags(flags, host);
      const work = async ({ emit, signal, stdin }: CommandIo): Promise<Ended> => {
        const report = await verifyBundle({ content }, { emit, signal, stdin });
        return {
          failed: report.outcome === 'damaged',
          json: report,
          text: () => words(report).map(plainText).join('\n'),
        };
      };
      return runCommand(host, output, done, work, 'stopped; nothing was changed');
    });
}

/** More would scroll the result out of sight; the JSON has all. */
const MAX_SHOWN = 50;

function words(report: VerifyReport): string[] {
  const { content, files, bytes, images, foreign, state } = report;
  const lines = damageLines(report);
  if (state.length > 0) lines.push(`a server's own files, which may be lost: ${listed(state)}`);
  if (foreign.length > 0) lines.push(`not of this bundle, and not checked: ${listed(foreign)}`);
  const what = `${formatCount(files, 'file')}, ${formatBytes(bytes)}`;
  lines.push(
    report.outcome === 'whole'
      ? `Verified ${content}: ${formatCount(images ?? 0, 'image')}, ${what}; all is whole`
      : `Verified ${content}: ${what}; ${verdictOf(report)}`,
  );
  return lines;
}

/** What is wrong with a bundle, a line each, and which images it concerns. */
export function damageLines({
  damaged,
  parts,
  broken,
}: Pick<VerifyReport, 'damaged' | 'parts' | 'broken'>): string[] {
  const lines = parts.map(({ name, reason }) => `${name}: ${reason}; copy or download it again`);
  if (broken !== undefined) lines.push(`the archive is damaged: ${broken}`);
  for (const { path, reason, images } of damaged.slice(0, MAX_SHOWN)) {
    lines.push(`${path}: ${reason}${images.length === 0 ? '' : `; needed by ${listed(images)}`}`);
  }
  if (damaged.length > MAX_SHOWN) lines.push(`and ${formatCount(damaged.length - MAX_SHOWN, 'more file')}`);
  const concerned = new Set(damaged.flatMap((one) => one.images));
  if (concerned.size > 0)
    lines.push(`${formatCount(concerned.size, 'image')} cannot be used: ${listed([...concerned])}`);
  return lines;
}

function verdictOf({ damaged, parts }: VerifyReport): string {
  const counts = [
    ...(parts.length === 0 ? [] : [`${formatCount(parts.length, 'part')} to bring again`]),
    ...(damaged.length === 0 ? [] : [`${formatCount(damaged.length, 'file')} damaged or missing`]),
  ];
  return counts.length === 0 ? 'the archive is damaged' : counts.join(', ');
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 10).join(', ');
  return names.length > 10 ? `${shown} and ${names.length - 10} more` : shown;
}
