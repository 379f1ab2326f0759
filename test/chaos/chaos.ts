import { startLane } from './lane.ts';
import { planRun } from './plan.ts';
import { type Outcome, runPlan } from './run.ts';

export interface ChaosOptions {
  readonly seed: number;
  /** The numbers of the runs. */
  readonly numbers: readonly number[];
  /** Runs at once. */
  readonly lanes: number;
  readonly onOutcome?: (outcome: Outcome) => void;
  /** Aborted: no further run is begun. */
  readonly signal?: AbortSignal;
}

/** Runs plans of a seed, each in the next lane that is free. */
export async function chaos({ seed, numbers, lanes, onOutcome, signal }: ChaosOptions): Promise<Outcome[]> {
  const queue = numbers.values();
  const outcomes: Outcome[] = [];
  const work = async (): Promise<void> => {
    await using lane = await startLane();
    for (const at of queue) {
      if (signal?.aborted === true) break;
      const outcome = await runPlan(lane, planRun(seed, at));
      outcomes.push(outcome);
      onOutcome?.(outcome);
    }
  };
  await Promise.all(Array.from({ length: Math.min(lanes, numbers.length) }, work));
  return outcomes.toSorted((a, b) => a.plan.at - b.plan.at);
}

/** What has to be known of a run that went wrong, to run it alone. */
export function describeFailure({ plan, violation, log }: Outcome): string {
  return [
    `run ${plan.at} of seed ${plan.seed}: ${violation?.kind}: ${violation?.message}`,
    `  npm run chaos -- --seed ${plan.seed} --only ${plan.at}`,
    `  ${JSON.stringify(plan)}`,
    log.replaceAll(/^/gm, '  | '),
  ].join('\n');
}
