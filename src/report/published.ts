import { type Digest, hexOf } from '../oci/digest.ts';
import { formatBytes, formatCount } from '../text/bytes.ts';
import { formatSeconds } from '../text/duration.ts';
import { plainText } from '../text/plain-text.ts';
import { type FailureGroup, groupFailures } from './failure-groups.ts';
import type { PushedName, PushTargetReport } from './push-report.ts';
import type { ReleaseReport } from './run-report.ts';

/** What one target of a push got, as people read it. */
export interface PushSection extends Readonly<Pick<PushTargetReport, 'target' | 'outcome'>> {
  readonly failures: readonly FailureGroup[];
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
    failures: groupFailures(report.failed),
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
  const referrers = images.reduce((sum, image) => sum + (image.referrers ?? 0), 0);
  const signed = referrers === 0 ? '' : formatCount(referrers, 'referrer');
  const others = [
    ...(mountedBlobs > 0 ? [`${mountedBlobs} ${planned ? 'to mount' : 'mounted'}`] : []),
    ...(thereBlobs > 0 ? [`${thereBlobs} there before`] : []),
    // Their manifests and blobs are among what was sent; a dry run does not ask for them.
    ...(signed === '' ? [] : [planned ? `and up to ${signed}, not asked for` : `${signed} sent`]),
  ].join(', ');
  const sent =
    sentBlobs === 0
      ? `nothing ${planned ? 'to send' : 'sent'}`
      : `${planned ? 'to send' : 'sent'} ${formatCount(sentBlobs, 'blob')}, ${formatBytes(sentBytes)}`;
  return others === '' ? sent : `${sent}; ${others}`;
}

function noteOn(name: PushedName): string[] {
  const words = [
    ...keptWords(name),
    ...movedWords(name),
    ...narrowedWords(name),
    ...referrerWords(name),
  ].join('; ');
  return words === '' ? [] : [`${name.as}: ${words}`];
}

function keptWords({ status, digest, there = digest }: PushedName): string[] {
  return status === 'kept' ? [`kept ${short(there)}, which is not ${short(digest)}`] : [];
}

function movedWords({ status, digest, before, there = digest }: PushedName): string[] {
  if (before === undefined) return [];
  return [`${status === 'to push' ? 'would move' : 'moved'} from ${short(before)} to ${short(there)}`];
}

function narrowedWords({ digest, there, narrowed = false, standIn }: PushedName): string[] {
  if (standIn === undefined)
    return narrowed && there !== undefined ? [`narrowed, ${short(digest)} is there as ${short(there)}`] : [];
  return narrowed
    ? [`narrowed, ${short(digest)} would be there as ${short(standIn)}`]
    : [`lacks platforms; where the target refuses ${short(digest)} so, it gets ${short(standIn)}`];
}

function referrerWords({ status, standIn, referrers = 0, referrersLeftOut = 0 }: PushedName): string[] {
  const late = status === 'unchanged' && referrers > 0;
  const lost = formatCount(referrersLeftOut, 'referrer');
  const belong = referrersLeftOut === 1 ? 'it belongs' : 'they belong';
  return [
    ...(late ? [`there before, got ${formatCount(referrers, 'referrer')}`] : []),
    ...(referrersLeftOut === 0
      ? []
      : standIn === undefined
        ? [`${lost} left out: ${belong} to what is not there`]
        : [`narrowed, it comes without ${lost}: ${belong} to what is not there then`]),
  ];
}

/** The first twelve hex digits. */
function short(digest: Digest): string {
  return hexOf(digest).slice(0, 12);
}

export const ASSET_STATUS: Record<ReleaseReport['assets'][number]['status'], string> = {
  sent: 'sent',
  replaced: 'replaced',
  there: 'already there',
  kept: 'kept although different',
  planned: 'to be sent',
};

/** `v1.2.3 of org/site, published: 8 files, 5.1 GiB; 5 sent, 3 already there`; a failure is not mentioned. */
export function releaseWords({ repository, tag, draft, published, assets, removed }: ReleaseReport): string {
  const bytes = assets.reduce((sum, { size }) => sum + size, 0);
  const counts = Object.entries(ASSET_STATUS).flatMap(([status, words]) => {
    const count = assets.filter((asset) => asset.status === status).length;
    return count === 0 ? [] : [`${count} ${words}`];
  });
  const gone = removed.length === 0 ? [] : [`${removed.length} of an earlier archive removed`];
  const head = `${plainText(tag)} of ${plainText(repository)}${stateWords(draft, published)}`;
  if (assets.length === 0) return head;
  return `${head}: ${formatCount(assets.length, 'file')}, ${formatBytes(bytes)}; ${[...counts, ...gone].join(', ')}`;
}

function stateWords(draft = false, published = false): string {
  if (draft) return ', a draft';
  return published ? ', published' : '';
}
