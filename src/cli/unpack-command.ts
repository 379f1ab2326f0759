import { Command } from 'commander';
import { unpackBundle, type UnpackOptions, type UnpackReport } from '../commands/index.ts';
import { OciSaveError } from '../errors.ts';
import { formatBytes, formatCount } from '../text/bytes.ts';
import { plainText, shellWord } from '../text/plain-text.ts';
import { addFlags, takeFlags } from './flags.ts';
import { type CommandIo, type Ended, type Host, runCommand } from './run.ts';
import { wrapLines } from '../view/index.ts';
import { damageLines, nameLines } from './damage-words.ts';

const EXAMPLES = `
Examples:
  oci-save unpack app.tar                          into the folder app
  oci-save unpack app.tar.001 -o /srv/bundle       the other parts are found beside it
  oci-save unpack /media/a/app.tar.001 /media/b/app.tar.002    parts on two media: one of each
  cat /media/usb/app.tar.* | oci-save unpack - -o /srv/bundle
  oci-save unpack app.tar -o /media/exfat/app --state /var/lib/app
  oci-save unpack new.tar --join /srv/bundle       the bundle that is served there gets its images, too
  oci-save unpack new.tar --swap /srv/site         a folder of its own in /srv/site/releases, and current leads to it

Every file is hashed while it is written, and compared with the bundle's lock; the folder appears when all of it is right.
What is there is never overwritten. Where a medium knows no hard links (FAT, exFAT), further names of a blob become copies:
how much room they take is told before anything is written. With --state they are left out, and a folder on another disk gets
links to the blobs: a root for zot ("gc": false) in a few KiB. All of it is on the disk when the command ends.

A registry that serves a site follows a join and a swap without restart; pulls go on. With --join the bundle that is joined
has a name that both have, whichever was saved first; what had it before stays by its digest. It is refused where the
registry takes pushes: there, oci-save push.
With --swap a registry serves current/registry; kit/update.sh --rollback goes back.

Exit codes: 0 done, 1 the archive is damaged and nothing is left, 2 nothing was started, 130 and 143 interrupted.
`;

/** `oci-save unpack`: a bundle's archive, its parts or a stream into a new folder, checked on the way. */
export function unpackCommand(host: Host, done: (exitCode: number) => void): Command {
  const command = new Command('unpack')
    .description('unpack an archive into a new folder, checked on the way')
    .argument('<archive...>', 'an archive, its parts; - for an archive on standard input')
    .option('-o, --output <folder>', "the folder to be made (default: the archive's name, here)")
    .option('--join <site>', 'add its images to those of the bundle that is served from this folder')
    .option('--swap <site>', 'unpack it into releases/ of this folder, and point current at it')
    .option('--state <folder>', "make a folder for zot that points at the bundle's blobs, and no copies");
  return addFlags(command, [])
    .addHelpText('after', EXAMPLES)
    .action((archive: string[], flags: Record<string, unknown>) => {
      const { output, rest } = takeFlags(flags, host);
      const folder = typeof rest['output'] === 'string' ? rest['output'] : '';
      const site = siteOf(rest, folder);
      const state = typeof rest['state'] === 'string' ? rest['state'] : '';
      const work = async ({ emit, signal, stdin }: CommandIo): Promise<Ended> => {
        const report = await unpackBundle({ archive, output: folder, site, state }, { emit, signal, stdin });
        return {
          failed: report.outcome === 'damaged',
          json: report,
          text: ({ width }) => wrapLines(words(report), width),
        };
      };
      const stopped =
        site?.how === 'join'
          ? 'stopped; all that was served is served on, and running it again goes on from here'
          : 'stopped; nothing of it is left at the output';
      return runCommand(host, output, done, work, stopped);
    });
}

/** The site that has a bundle already; undefined where a new folder is made. */
function siteOf(flags: Record<string, unknown>, output: string): UnpackOptions['site'] {
  const { join, swap, state } = flags;
  if (typeof state === 'string' && state !== '' && (typeof join === 'string' || typeof swap === 'string')) {
    throw new OciSaveError({
      code: 'usage',
      message: 'a state folder is made with a new folder, not at a site that has a bundle already',
      hint: 'Leave --state out.',
    });
  }
  if ([output, join, swap].filter((one) => typeof one === 'string' && one !== '').length > 1) {
    throw new OciSaveError({
      code: 'usage',
      message: 'an archive goes to one place: into a new folder, or to a site by a join or a swap',
      hint: 'Give one of --output, --join and --swap.',
    });
  }
  if (typeof join === 'string') return { how: 'join', folder: join };
  return typeof swap === 'string' ? { how: 'swap', folder: swap } : undefined;
}

function words(report: UnpackReport): string[] {
  const { archive, output, outcome, files, bytes, copies, foreign, joined, swapped, state } = report;
  if (outcome === 'damaged') {
    const others = foreign.length === 0 ? [] : ['not of this bundle:', ...nameLines(foreign, 10, '  ')];
    return [
      ...damageLines(report),
      ...others,
      plainText(`${archive} was not unpacked: nothing of it is at ${output}`),
    ];
  }
  if (joined !== undefined) return joinedWords(report, joined);
  if (swapped !== undefined) {
    const { release, before } = swapped;
    const was = before === undefined || before === release ? '' : `; it was ${before}`;
    return [
      `${output}/current is release ${release} now${was}`,
      `A registry serves ${output}/current/registry`,
      ...(was === ''
        ? []
        : [`Back: sh ${shellWord(`${output}/current/kit/update.sh`)} --rollback ${shellWord(output)}`]),
    ].map(plainText);
  }
  const copied =
    copies.files === 0
      ? ''
      : `; ${formatCount(copies.files, 'further name')} as copies, ${formatBytes(copies.bytes)} more`;
  return [
    `Unpacked ${archive} to ${output}: ${formatCount(report.images ?? 0, 'image')}, ` +
      `${formatCount(files, 'file')}, ${formatBytes(bytes)}, all of it checked${copied}`,
    ...(state === undefined
      ? []
      : [
          `${state} is the root for zot: it points at ${output}, and needs "gc": false`,
          `registry/ in ${output} has no blobs: oci-save verify --without-links checks the rest`,
        ]),
  ].map(plainText);
}

/** More would scroll the result out of sight; the JSON has all. */
const MAX_NAMES = 20;

function joinedWords(
  { archive, output }: UnpackReport,
  joined: NonNullable<UnpackReport['joined']>,
): string[] {
  const { added, moved, registries, blobs, bytes, copies } = joined;
  const lines = (what: string, names: readonly string[]): string[] =>
    names.length === 0 ? [] : [`${what}:`, ...nameLines(names, MAX_NAMES, '  ')];
  if (added.length + moved.length + blobs === 0)
    return [plainText(`${output} has all of ${archive} already`)];
  const copied = copies === 0 ? '' : `, ${formatCount(copies, 'further name')} as copies`;
  return [
    ...lines('new', added),
    ...lines('another image now; what it was stays by its digest', moved),
    ...(registries.length === 0
      ? []
      : [plainText(`registries that were not there before: ${registries.join(', ')}`)]),
    plainText(
      `Joined ${archive} into ${output}: ${formatCount(added.length, 'new name')}, ${moved.length} moved, ` +
        `${formatCount(blobs, 'blob')}, ${formatBytes(bytes)}${copied}`,
    ),
  ];
}
