import { formatBytes, formatCount } from '../text/bytes.ts';
import { formatSeconds } from '../text/duration.ts';
import { type NamedOption, option } from '../text/hint.ts';
import { plainText } from '../text/plain-text.ts';
import type { ReportedOrigin } from './failure.ts';
import { byCause, type Cause, type FailureGroup, groupFailures } from './failure-groups.ts';
import { type ImageRow, imageRows, noteLines } from './image-rows.ts';
import { nextSteps, type NextSteps } from './next-steps.ts';
import { type PushSection, pushSections } from './published.ts';
import type { RunReport } from './run-report.ts';
import { judge, type Verdict } from './verdict.ts';

/** Everything that is said about a run when it has ended. A view prints it, and makes untrusted text printable. */
export interface Summary {
  readonly verdict: Verdict;
  readonly failures: readonly FailureGroup[];
  readonly images: readonly ImageRow[];
  readonly notes: readonly string[];
  readonly listings: readonly Listing[];
  readonly push: readonly PushSection[];
  readonly totals: ReturnType<typeof totalsOf>;
  readonly cache: readonly string[];
  /** Pulls that registries still give, one of them per line. */
  readonly quotas: readonly string[];
  /** What was written, and with which tools. */
  readonly made: Pick<
    RunReport,
    'bundle' | 'archive' | 'release' | 'lock' | 'tool' | 'skopeoVersion' | 'lists' | 'startedAt'
  >;
  readonly next: NextSteps;
}

/** Lines of the lists: warnings, entries that were not saved, and entries that were not understood. */
export interface Listing {
  readonly title: string;
  /** The option that takes such entries. */
  readonly takenBy?: NamedOption;
  /** What is said of several entries alike. */
  readonly causes?: readonly Omit<Cause<unknown>, 'first'>[];
  readonly rows: readonly {
    readonly origin: ReportedOrigin | undefined;
    /** The entry as written; undefined where the reason names it. */
    readonly entry: string | undefined;
    readonly why: string;
  }[];
}

export function summarize(report: RunReport): Summary {
  return {
    verdict: judge(report),
    failures: groupFailures(report.failed),
    images: imageRows(report),
    notes: noteLines(report),
    listings: listingsOf(report).filter(({ rows, causes = [] }) => rows.length + causes.length > 0),
    push: pushSections(report.push),
    totals: totalsOf(report),
    cache: cacheLines(report),
    quotas: quotaLines(report),
    made: report,
    next: nextSteps(report),
  };
}

/** Warnings, candidates and rejects of the lists as sections. */
export function listingsOf({
  warnings,
  candidates,
  rejects,
}: Pick<RunReport, 'warnings' | 'candidates' | 'rejects'>): Listing[] {
  return [
    {
      title: `Warnings: ${warnings.length}`,
      causes: byCause(
        warnings.flatMap(({ text: ref, message, origin }) =>
          ref === undefined ? [] : [{ ref, message, origins: origin === undefined ? [] : [origin] }],
        ),
      ),
      rows: warnings
        .filter(({ text }) => text === undefined)
        .map(({ message, origin }) => ({ origin, entry: undefined, why: message })),
    },
    {
      title: `Not saved: ${formatCount(candidates.length, 'candidate')}, probably images`,
      takenBy: option('onCandidate', 'accept'),
      rows: candidates.map(({ text, origin, why }) => ({ origin, entry: text, why })),
    },
    {
      title: `Rejected: ${formatCount(rejects.length, 'line')} of the lists, not understood`,
      rows: rejects.map(({ text, origin, reason, hint }) => ({
        origin,
        entry: text,
        why: hint === undefined ? reason : `${reason}. ${hint}`,
      })),
    },
  ];
}

/**
 * Amounts as people read them; the parts add up to `bytes`. `fetched` came from the images' sources, or would in a dry
 * run; `restored` came from the cache; `unneeded` is where it is wanted, and was neither fetched nor looked up.
 */
function totalsOf({ totals, cache, images: rows, dryRun = false, seconds }: RunReport) {
  const { images, blobs, bytes, fetchedBytes, storedBytes } = totals;
  const restored = cache?.restored.bytes ?? 0;
  const rest = bytes - fetchedBytes - storedBytes - restored;
  const someUnneeded = !dryRun && rows.some(({ status }) => status === 'unchanged');
  const some = (amount: number): string | undefined => (amount > 0 ? formatBytes(amount) : undefined);
  return {
    images: formatCount(images, 'image'),
    blobs: formatCount(blobs, 'blob'),
    bytes: formatBytes(bytes),
    fetched: formatBytes(dryRun ? bytes - storedBytes : fetchedBytes),
    restored: some(restored),
    unneeded: someUnneeded ? some(rest) : undefined,
    stored: formatBytes(storedBytes),
    time: formatSeconds(seconds),
  };
}

const MAX_TROUBLES = 10;

function packsOf({ packs, blobs, bytes }: NonNullable<RunReport['cache']>['saved']): string {
  return `${formatCount(packs, 'pack')} with ${formatCount(blobs, 'blob')}, ${formatBytes(bytes)}`;
}

const MAX_QUOTAS = 10;

/** `registry-1.docker.io: 76 of 100 pulls left, counted over 6 h 00 min` */
function quotaLines({ quotas = [] }: RunReport): string[] {
  return quotas.slice(0, MAX_QUOTAS).map(({ host, remaining, limit, seconds }) => {
    const of = limit === undefined ? '' : ` of ${limit}`;
    const over = seconds === undefined ? '' : `, counted over ${formatSeconds(seconds)}`;
    return `${plainText(host)}: ${remaining}${of} pulls left${over}`;
  });
}

/** What a run did with the cache, one item per line; empty without a cache. */
function cacheLines({ cache }: RunReport): string[] {
  if (cache === undefined) return [];
  const { unavailable, restored, saved, saving, withheld, entries, bytes, troubles } = cache;
  if (unavailable !== undefined) return [`not used: ${plainText(unavailable)}`];
  const more = troubles.length - MAX_TROUBLES;
  return [
    restored.blobs === 0
      ? 'nothing came from it'
      : `${formatCount(restored.blobs, 'blob')}, ${formatBytes(restored.bytes)} came from it`,
    ...(saved.packs === 0 ? [] : [`${packsOf(saved)} saved`]),
    saving === undefined || saving.packs === 0
      ? `${formatCount(entries, 'entry').replace(/entrys$/, 'entries')}, ${formatBytes(bytes)} of this list are in it`
      : `${packsOf(saving)} on their way to it: this result does not wait for them`,
    ...(withheld.images === 0
      ? []
      : [
          `not saved: ${formatCount(withheld.images, 'image')}, ${formatBytes(withheld.bytes)}, fetched with credentials; ` +
            'anybody may read the cache of a public repository (cache: actions saves them)',
        ]),
    ...troubles.slice(0, MAX_TROUBLES).map((trouble) => `trouble: ${plainText(trouble)}`),
    ...(more > 0 ? [`and ${more} more, all in report.json`] : []),
  ];
}
