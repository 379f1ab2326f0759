import { failureOf, type PushedName, type PushTargetReport } from '../report/index.ts';
import type { NameResult } from './decide.ts';
import type { PushName } from './plan.ts';
import type { PushTarget } from '../options/index.ts';

/** The hint for a kind of failure, where the error itself has none. */
const HINTS = {
  'not-found': 'Check the names of the registry and the prefix.',
  network:
    'Push again: only the rest is sent. If it comes back, check the registry, the proxy and the network.',
  unsupported: 'Ask who runs the registry: these are its own words.',
} as const;

/** Blobs and bytes of one target. */
export interface Traffic {
  sentBlobs: number;
  sentBytes: number;
  mountedBlobs: number;
  thereBlobs: number;
}

export function noTraffic(): Traffic {
  return { sentBlobs: 0, sentBytes: 0, mountedBlobs: 0, thereBlobs: 0 };
}

/** The fields of a name that a report has. */
export type ReportedName = Pick<PushName, 'ref' | 'stored' | 'to' | 'digest'>;

export interface TargetResult {
  readonly target: PushTarget;
  readonly names: readonly ReportedName[];
  /** A name without a result was not started. */
  readonly results: ReadonlyMap<ReportedName, NameResult>;
  readonly traffic: Traffic;
  /** Repositories that do not exist there. */
  readonly missing: readonly string[];
  readonly seconds: number;
  readonly onError: 'fail' | 'warn';
}

/** What a target got, as data: names in alphabetical order, every cause of a failure once. */
export function reportTarget(result: TargetResult): PushTargetReport {
  const { target, results, traffic, missing, seconds, onError } = result;
  const names = result.names.toSorted((a, b) => (a.to.text < b.to.text ? -1 : 1));
  const images = names.map((name) => reportName(name, results.get(name) ?? { status: 'not started' }));
  const count = (...statuses: PushedName['status'][]): number =>
    images.filter(({ status }) => statuses.includes(status)).length;
  const failed = count('failed', 'not started');
  return {
    target: target.text,
    outcome: failed === 0 ? 'done' : onError === 'warn' && failed < images.length ? 'warned' : 'failed',
    images,
    failed: failuresOf(target, names, results),
    ...(missing.length === 0 ? {} : { missingRepositories: [...missing].toSorted() }),
    totals: {
      pushed: count('pushed'),
      unchanged: count('unchanged'),
      kept: count('kept'),
      failed,
      ...traffic,
    },
    seconds,
  };
}

function reportName(
  { ref, stored, to, digest }: ReportedName,
  { status, there, before, narrowed, standIn, referrers = 0, referrersLeftOut = 0 }: NameResult,
): PushedName {
  return {
    ref,
    name: stored,
    as: to.text,
    digest,
    status,
    ...(there === undefined ? {} : { there }),
    ...(before === undefined ? {} : { before }),
    ...(narrowed === true ? { narrowed } : {}),
    ...(standIn === undefined ? {} : { standIn }),
    ...(referrers === 0 ? {} : { referrers }),
    ...(referrersLeftOut === 0 ? {} : { referrersLeftOut }),
  };
}

function failuresOf(
  target: PushTarget,
  names: readonly ReportedName[],
  results: TargetResult['results'],
): PushTargetReport['failed'] {
  const failed = names.filter((name) => results.get(name)?.status === 'failed');
  const byError = Map.groupBy(failed, (name) => results.get(name)?.error);
  return [...byError].map(([error, [only, ...others]]) =>
    failureOf(error, only === undefined || others.length > 0 ? target.text : only.to.text, [], HINTS),
  );
}
