import { hexOf } from '../oci/digest.ts';
import { formatBytes, formatCount } from '../text/bytes.ts';
import { formatSeconds } from '../text/duration.ts';
import { plainText } from '../text/plain-text.ts';
import type { PushedName, PushTargetReport } from './push-report.ts';
import type { ReleaseReport } from './run-report.ts';

/** What one target of a push got, as people read it. */
export interface PushSection extends Readonly<Pick<PushTargetReport, 'target' | 'outcome' | 'failed'>> {
  /** `pushed 20, unchanged 4, failed 1` */
  readonly tally: string;
  /** `sent 12 blobs, 30 MiB; 4 mounted, 7 there before` */
  readonly traffic: string;
  readonly time: string;
  /** What a reader would not expect under a name, with both digests. */
  readonly notes: readonly string[];
}

export function pushSections(targets: readonly PushTargetReport[] = []): PushSection[] {
  return targets.map((report) => ({
    target: report.target,
    outcome: report.outcome,
    tally: pushTally(report),
    traffic: pushTraffic(report),
    time: formatSeconds(report.seconds),
    notes: report.images.flatMap(noteOn),
    failed: report.failed,
  }));
}

/** The counts that are not zero. */
function pushTally({ totals, images }: PushTargetReport): string {
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
  const words = parts.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}`);
  return words.join(', ') || 'nothing to push';
}

function pushTraffic({ totals, images }: PushTargetReport): string {
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

function noteOn({ as, status, digest, there, narrowed = false }: PushedName): string[] {
  const [source, target] = [digest, there ?? digest].map((one) => hexOf(one).slice(0, 12));
  if (status === 'kept') return [`${as}: kept ${target}, which is not ${source}`];
  return narrowed && there !== undefined ? [`${as}: narrowed, ${source} is there as ${target}`] : [];
}

export const ASSET_STATUS: Record<ReleaseReport['assets'][number]['status'], string> = {
  sent: 'sent',
  replaced: 'replaced',
  there: 'already there',
  kept: 'kept although different',
  planned: 'to be sent',
};

/** `v1.2.3 of org/site, a draft: 8 files, 5.1 GiB; 5 sent, 3 already there`; a failure is not mentioned. */
export function releaseWords({ repository, tag, draft, assets, removed }: ReleaseReport): string {
  const bytes = assets.reduce((sum, { size }) => sum + size, 0);
  const counts = Object.entries(ASSET_STATUS).flatMap(([status, words]) => {
    const count = assets.filter((asset) => asset.status === status).length;
    return count === 0 ? [] : [`${count} ${words}`];
  });
  const gone = removed.length === 0 ? [] : [`${removed.length} of an earlier archive removed`];
  const head = `${plainText(tag)} of ${plainText(repository)}${draft === true ? ', a draft' : ''}`;
  if (assets.length === 0) return head;
  return `${head}: ${formatCount(assets.length, 'file')}, ${formatBytes(bytes)}; ${[...counts, ...gone].join(', ')}`;
}
