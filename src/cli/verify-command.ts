import { Command } from 'commander';
import { verifyBundle, type VerifyReport } from '../commands/index.ts';
import { formatBytes, formatCount } from '../text/bytes.ts';
import { plainText } from '../text/plain-text.ts';
import { damageLines, nameLines } from './damage-words.ts';
import { addFlags, takeFlags } from './flags.ts';
import { type CommandIo, type Ended, type Host, runCommand } from './run.ts';
import { wrapLines } from '../view/index.ts';

const EXAMPLES = `
Examples:
  oci-save verify oci-bundle
  oci-save verify app.tar
  oci-save verify app.tar.001              the other parts are found beside it
  oci-save verify /media/a/app.tar.001 /media/b/app.tar.002    parts on two media: one of each
  cat /media/usb/app.tar.* | oci-save verify -
  oci-save verify --lock app.lock.json -   against a lock that came another way

Every file is hashed and compared with the bundle's lock, every blob under each of its names. Nothing is written, and no
network is needed. What is damaged is named with the images that need it, and the part that has to be copied again.

Exit codes: 0 all is whole, 1 something is damaged or missing, 2 it is not a bundle, 130 and 143 interrupted.
`;

/** `oci-save verify`: hashes all of a bundle, in a folder, an archive, its parts or a stream. */
export function verifyCommand(host: Host, done: (exitCode: number) => void): Command {
  const command = new Command('verify')
    .description('hash all of a bundle and compare it with its lock; names the images that damage concerns')
    .argument('<content...>', 'a bundle, an archive, its parts; - for an archive on standard input');
  command
    .option('--lock <file>', 'the lock to compare with, where it lies elsewhere')
    .option('--without-links', 'the bundle was unpacked without the blobs below registry/');
  return addFlags(command, [])
    .addHelpText('after', EXAMPLES)
    .action((content: string[], flags: Record<string, unknown>) => {
      const { output, rest } = takeFlags(flags, host);
      const lock = typeof rest['lock'] === 'string' ? rest['lock'] : undefined;
      const withoutLinks = rest['withoutLinks'] === true;
      const work = async ({ emit, signal, stdin }: CommandIo): Promise<Ended> => {
        const report = await verifyBundle({ content, lock, withoutLinks }, { emit, signal, stdin });
        return {
          failed: report.outcome === 'damaged',
          json: report,
          text: ({ width }) => wrapLines(words(report), width),
        };
      };
      return runCommand(host, output, done, work, 'stopped; nothing was changed');
    });
}

function words(report: VerifyReport): string[] {
  const { content, files, bytes, images, foreign, state, notes } = report;
  const lines = [...notes.map((note) => plainText(`note: ${note}`)), ...damageLines(report)];
  if (state.length > 0) lines.push("a server's own files, which may be lost:", ...nameLines(state, 10, '  '));
  if (foreign.length > 0) lines.push('not of this bundle, and not checked:', ...nameLines(foreign, 10, '  '));
  if (report.linksMissing > 0 && report.outcome === 'whole')
    lines.push('note: registry/ has no blobs, as was said; oci-save serve takes them from blobs/');
  if (images === undefined) lines.push('note: a lock that lies elsewhere is named with --lock');
  const what = `${formatCount(files, 'file')}, ${formatBytes(bytes)}`;
  lines.push(
    plainText(
      report.outcome === 'whole'
        ? `Verified ${content}: ${formatCount(images ?? 0, 'image')}, ${what}; all is whole`
        : `Verified ${content}: ${what}; ${verdictOf(report)}`,
    ),
  );
  return lines;
}

function verdictOf({ damaged, parts }: VerifyReport): string {
  const counts = [
    ...(parts.length === 0 ? [] : [`${formatCount(parts.length, 'part')} to bring again`]),
    ...(damaged.length === 0 ? [] : [`${formatCount(damaged.length, 'file')} damaged or missing`]),
  ];
  return counts.length === 0 ? 'the archive is damaged' : counts.join(', ');
}
