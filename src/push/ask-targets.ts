import type { RegistryClient } from '../registry/index.ts';
import type { PushTargetReport } from '../report/index.ts';
import { findPushed, type FoundName, type RightDigest } from './find-pushed.ts';
import { type ReportedName, reportTarget } from './report-target.ts';
import { type NameResult, noTraffic } from './result.ts';
import type { PushTarget } from './target.ts';

/** Targets that are asked for names one after the other, and remember what they have. */
export interface AskedTargets {
  /** Whether every target has what is right under a stored name. The first digest is the image's own. */
  haveAll(ref: string, name: string, right: readonly [RightDigest, ...RightDigest[]]): Promise<boolean>;
  /** What each target was found to have, as a push that had nothing to do. */
  reports(seconds: number): PushTargetReport[];
}

/** Asks push targets by HEAD alone. */
export function askTargets(
  targets: readonly PushTarget[],
  client: Pick<RegistryClient, 'findManifest'>,
  signal?: AbortSignal,
): AskedTargets {
  const found: { readonly at: FoundName; readonly name: ReportedName }[] = [];
  return {
    async haveAll(ref, name, right) {
      const there = await findPushed([{ name, right }], targets, client, signal);
      const [{ digest }] = right;
      found.push(...there.map((at) => ({ at, name: { ref, stored: name, to: at.to, digest } })));
      return there.every((at) => at.there);
    },
    reports(seconds) {
      return targets.map((target) => {
        const own = found.filter(({ at }) => at.target === target);
        return reportTarget({
          target,
          names: own.map(({ name }) => name),
          results: new Map(own.map(({ name, at }) => [name, resultOf(name, at)])),
          traffic: noTraffic(),
          missing: [],
          seconds,
          context: { onError: 'fail' },
        });
      });
    },
  };
}

function resultOf({ digest }: ReportedName, { found: there }: FoundName): NameResult {
  return { status: 'unchanged', there, narrowed: there !== digest };
}
