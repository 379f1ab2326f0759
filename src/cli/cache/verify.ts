import { Command } from 'commander';
import type { Emit } from '../../events.ts';
import { formatBytes, formatCount } from '../../text/bytes.ts';
import { plainText } from '../../text/plain-text.ts';
import { type DamagedBlob, type StoreCheck, verifyStore } from '../../store/index.ts';
import { addFlags } from '../flags.ts';
import { takeStoreFlags } from './flags.ts';
import { type Host, runCommand } from '../run.ts';

const EXAMPLES = `
Examples:
  oci-save cache verify
  oci-save cache verify --cache-dir /srv/oci-save --json

A damaged blob is dropped, and fetched again when a list needs it. A bundle that links it has the same wrong bytes:
save that bundle again.

Exit codes: 0 every blob is intact, 1 some were damaged, 2 the store cannot be read, 130 and 143 interrupted.
`;

/** `oci-save cache verify`: hashes every blob and drops what is damaged. */
export function cacheVerifyCommand(host: Host, done: (exitCode: number) => void): Command {
  return addFlags(new Command('verify'), ['cacheDir'])
    .description('hash every blob that is kept; damaged ones are listed and dropped')
    .addHelpText('after', EXAMPLES)
    .action((flags: Record<string, unknown>) => {
      const { folder, output } = takeStoreFlags(flags, 'verify', host);
      return runCommand(host, output, done, async ({ emit, signal }) => {
        const check = await verifyWithProgress(folder, emit, signal);
        return {
          failed: check.damaged.length > 0,
          json: { folder, ...check },
          text: () => verdict(folder, check),
        };
      });
    });
}

/** Verifies with progress, and reports each damaged blob at once. */
function verifyWithProgress(folder: string, emit: Emit, signal: AbortSignal): Promise<StoreCheck> {
  return verifyStore(folder, {
    signal,
    onStart: (total) => emit({ type: 'stage', stage: 'verify', total }),
    onBytes: (delta) => emit({ type: 'bytes', stage: 'verify', delta }),
    onBlob(digest, damaged) {
      if (damaged !== undefined)
        emit({ type: 'log', level: 'error', message: describeDamage(damaged), image: digest });
      const outcome = damaged === undefined ? 'done' : 'failed';
      emit({ type: 'step', stage: 'verify', subject: digest, outcome });
    },
  });
}

function describeDamage({ digest, why, linked }: DamagedBlob): string {
  const means = linked
    ? 'dropped; a bundle links it and has the same wrong bytes'
    : 'dropped; it is fetched again when a list needs it';
  return `${digest} was damaged (${why}): ${means}`;
}

function verdict(folder: string, { blobs, bytes, damaged }: StoreCheck): string {
  if (blobs === 0) return `Nothing is kept in ${plainText(folder)}`;
  const what = `${formatCount(blobs, 'blob')} in ${plainText(folder)}, ${formatBytes(bytes)}`;
  if (damaged.length === 0) return `Verified ${what}: all are intact`;
  const linked = damaged.filter((blob) => blob.linked).length;
  return [
    `Verified ${what}: ${damaged.length} damaged and dropped`,
    ...(linked === 0
      ? []
      : [`${linked} of them linked by bundles: save those bundles again, and do not use them`]),
    'If this happens again, check the disk.',
  ].join('\n');
}
