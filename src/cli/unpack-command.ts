import { Command } from 'commander';
import { unpackBundle, type UnpackReport } from '../commands/index.ts';
import { formatBytes, formatCount } from '../text/bytes.ts';
import { plainText } from '../text/plain-text.ts';
import { addFlags, takeFlags } from './flags.ts';
import { type CommandIo, type Ended, type Host, runCommand } from './run.ts';
import { wrapLines } from '../view/index.ts';
import { damageLines, nameLines } from './damage-words.ts';

const EXAMPLES = `
Examples:
  oci-save unpack app.tar                          into the folder app
  oci-save unpack app.tar.001 -o /srv/bundle       the other parts are found beside it
  cat /media/usb/app.tar.* | oci-save unpack - -o /srv/bundle

Every file is hashed while it is written, and compared with the bundle's lock; the folder appears when all of it is right.
What is there is never overwritten. Where a medium knows no hard links (FAT, exFAT), further names of a blob become copies:
how much room they take is told before anything is written.

Exit codes: 0 done, 1 the archive is damaged and nothing is left, 2 nothing was started, 130 and 143 interrupted.
`;

/** `oci-save unpack`: a bundle's archive, its parts or a stream into a new folder, checked on the way. */
export function unpackCommand(host: Host, done: (exitCode: number) => void): Command {
  const command = new Command('unpack')
    .description('unpack an archive into a new folder, checked on the way')
    .argument('<archive...>', 'an archive, its parts; - for an archive on standard input')
    .option('-o, --output <folder>', "the folder to be made (default: the archive's name, here)", '');
  return addFlags(command, [])
    .addHelpText('after', EXAMPLES)
    .action((archive: string[], flags: Record<string, unknown>) => {
      const { output, rest } = takeFlags(flags, host);
      const folder = typeof rest['output'] === 'string' ? rest['output'] : '';
      const work = async ({ emit, signal, stdin }: CommandIo): Promise<Ended> => {
        const report = await unpackBundle({ archive, output: folder }, { emit, signal, stdin });
        return {
          failed: report.outcome === 'damaged',
          json: report,
          text: ({ width }) => wrapLines(words(report), width),
        };
      };
      return runCommand(host, output, done, work, 'stopped; nothing of it is left at the output');
    });
}

function words(report: UnpackReport): string[] {
  const { archive, output, outcome, files, bytes, copies, foreign } = report;
  if (outcome === 'damaged') {
    const others = foreign.length === 0 ? [] : ['not of this bundle:', ...nameLines(foreign, 10, '  ')];
    return [
      ...damageLines(report),
      ...others,
      plainText(`${archive} was not unpacked: nothing is left at ${output}`),
    ];
  }
  const copied =
    copies.files === 0
      ? ''
      : `; ${formatCount(copies.files, 'further name')} as copies, ${formatBytes(copies.bytes)} more`;
  return [
    `Unpacked ${archive} to ${output}: ${formatCount(report.images ?? 0, 'image')}, ` +
      `${formatCount(files, 'file')}, ${formatBytes(bytes)}, all of it checked${copied}`,
  ];
}
