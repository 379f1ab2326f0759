import { hexOf } from '../../oci/digest.ts';
import { formatBytes, formatCount } from '../../text/bytes.ts';
import { formatSeconds } from '../../text/duration.ts';
import type { Palette } from './paint.ts';
import { plainText } from '../../text/plain-text.ts';
import type { PushedName, PushTargetReport } from '../../report/push-report.ts';
import { failureLines } from './summary-failures.ts';
import { wrapHanging } from './wrap.ts';

const MAX_NAMES = 50;
const MAX_FAILURES = 50;

/** `pushed 20, unchanged 4, failed 1`: what is not nothing. */
export function pushTally({ totals, images }: PushTargetReport): string {
  const planned = images.filter(({ status }) => status === 'to push').length;
  const waiting = images.filter(({ status }) => status === 'not started').length;
  const parts = [
    [planned, 'to push'],
    [totals.pushed, 'pushed'],
    [totals.unchanged, 'unchanged'],
    [totals.kept, 'kept'],
    [totals.failed - waiting, 'failed'],
    [waiting, 'not started'],
  ] as const;
  const told = parts.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}`);
  return told.length === 0 ? 'nothing to push' : told.join(', ');
}

/** `sent 12 blobs, 30 MiB; 4 mounted, 7 were there`. */
export function pushTraffic({ totals, images }: PushTargetReport): string {
  const planned = images.some(({ status }) => status === 'to push');
  const { sentBlobs, sentBytes, mountedBlobs, thereBlobs } = totals;
  const others = [
    ...(mountedBlobs > 0 ? [`${mountedBlobs} ${planned ? 'to mount' : 'mounted'}`] : []),
    ...(thereBlobs > 0 ? [`${thereBlobs} there before`] : []),
  ].join(', ');
  const sent =
    sentBlobs === 0
      ? `nothing ${planned ? 'to send' : 'sent'}`
      : `${planned ? 'to send' : 'sent'} ${formatCount(sentBlobs, 'blob')}, ${formatBytes(sentBytes)}`;
  return others === '' ? sent : `${sent}; ${others}`;
}

/** What a reader would not expect under a name, with both digests. */
export function pushNotes({ images }: PushTargetReport): string[] {
  return images.flatMap((image) => noteOn(image));
}

function noteOn({ as, status, digest, there, narrowed = false }: PushedName): string[] {
  const [source, target] = [digest, there ?? digest].map((one) => hexOf(one).slice(0, 12));
  if (status === 'kept') return [`${as}: kept ${target}, which is not ${source}`];
  return narrowed && there !== undefined ? [`${as}: narrowed, ${source} is there as ${target}`] : [];
}

/** What each target of a push got: figures, what is not as the source has it, what failed. */
export function pushSections(
  targets: readonly PushTargetReport[],
  palette: Palette,
  room: number,
): string[][] {
  return targets.map((target) => {
    const paint =
      target.outcome === 'done' ? palette.good : target.outcome === 'warned' ? palette.warn : palette.bad;
    const notes = pushNotes(target);
    const more = notes.length - MAX_NAMES;
    const moreFailed = target.failed.length - MAX_FAILURES;
    return [
      `${palette.strong(`Push to ${plainText(target.target)}`)}: ${paint(pushTally(target))}`,
      ...wrapHanging(`${pushTraffic(target)}; ${formatSeconds(target.seconds)}`, room - 2, 2).map(
        (line) => `  ${line}`,
      ),
      ...notes
        .slice(0, MAX_NAMES)
        .flatMap((line) => wrapHanging(plainText(line), room - 2, 2))
        .map((line) => `  ${line}`),
      ...(more > 0 ? [`  and ${more} more, all in the report`] : []),
      ...target.failed.slice(0, MAX_FAILURES).flatMap((failure) => failureLines(failure, palette, room)),
      ...(moreFailed > 0 ? [`  and ${moreFailed} more, all in the report`] : []),
    ];
  });
}
