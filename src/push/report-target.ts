import { failureOf, type PushedName, type PushTargetReport } from '../report/index.ts';
import type { PushContext } from './context.ts';
import type { PushName } from './plan.ts';
import type { NameResult, Traffic } from './result.ts';
import type { PushTarget } from './target.ts';

/** What helps against a kind of failure, where the error itself knows nothing better. */
const HINTS = {
  'not-found': 'Look at the names of the registry and the prefix.',
  network:
    'Push again: only the rest is sent. If it comes back, look at the registry, the proxy and the line.',
  unsupported: 'Ask who runs the registry: these are its own words.',
} as const;

/** What a report tells of a name. */
export type ReportedName = Pick<PushName, 'ref' | 'stored' | 'to' | 'digest'>;

export interface TargetParts {
  readonly target: PushTarget;
  readonly names: readonly ReportedName[];
  readonly results: ReadonlyMap<ReportedName, NameResult>;
  readonly traffic: Traffic;
  readonly missing: readonly string[];
  readonly seconds: number;
  readonly context: Pick<PushContext, 'onError'>;
}

/** What a target got, as data: names in their own order, every cause of a failure once. */
export function reportTarget(parts: TargetParts): PushTargetReport {
  const { target, results, traffic, missing, seconds, context } = parts;
  const names = parts.names.toSorted((a, b) => (a.to.text < b.to.text ? -1 : 1));
  const images = names.map((name) => reportName(name, results.get(name) ?? { status: 'not started' }));
  const count = (...statuses: PushedName['status'][]): number =>
    images.filter(({ status }) => statuses.includes(status)).length;
  const failed = count('failed', 'not started');
  const good = images.length - failed;
  return {
    target: target.text,
    outcome: failed === 0 ? 'done' : context.onError === 'warn' && good > 0 ? 'warned' : 'failed',
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
  { status, there, narrowed }: NameResult,
): PushedName {
  return {
    ref,
    name: stored,
    as: to.text,
    digest,
    status,
    ...(there === undefined ? {} : { there }),
    ...(narrowed === true ? { narrowed } : {}),
  };
}

function failuresOf(
  target: PushTarget,
  names: readonly ReportedName[],
  results: ReadonlyMap<ReportedName, NameResult>,
): PushTargetReport['failed'] {
  const failed = names.filter((name) => results.get(name)?.status === 'failed');
  const byError = Map.groupBy(failed, (name) => results.get(name)?.error);
  return [...byError].map(([error, [only, ...others]]) =>
    failureOf(error, only === undefined || others.length > 0 ? target.text : only.to.text, [], HINTS),
  );
}
