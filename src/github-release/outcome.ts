import type { Digest } from '../oci/digest.ts';
import type { ReleasePlan, Step } from './plan.ts';
import type { SendOptions } from './send-options.ts';
import type { Release } from './service/service.ts';

/** `planned`: a dry run would send it. */
export type FileStatus = 'sent' | 'replaced' | 'there' | 'kept' | 'planned';

export interface SentFile {
  readonly name: string;
  readonly size: number;
  readonly digest?: Digest | undefined;
  readonly status: FileStatus;
}

export interface SentRelease {
  readonly tag: string;
  /** Its page; undefined in a dry run where there is none yet. */
  readonly url: string | undefined;
  readonly draft: boolean;
  readonly files: readonly SentFile[];
  /** Names of stale files of ours that were removed, or would be. */
  readonly removed: readonly string[];
}

/** What became of a release, once a plan was carried out, or would become of it. */
export function outcomeOf(
  release: Release | undefined,
  { steps, stale }: ReleasePlan,
  { tag, dryRun }: SendOptions,
): SentRelease {
  return {
    tag,
    url: release?.url,
    draft: release?.draft ?? true,
    files: steps.map((step) => ({
      name: step.file.name,
      size: step.file.size,
      ...(step.file.digest === undefined ? {} : { digest: step.file.digest }),
      status: statusOf(step, dryRun),
    })),
    removed: stale.map(({ name }) => name),
  };
}

function statusOf(step: Step, dryRun: boolean): FileStatus {
  if (step.action === 'none') return step.status;
  if (dryRun) return 'planned';
  const replaced = step.action === 'replace' || (step.action === 'rename' && step.old !== undefined);
  return replaced ? 'replaced' : 'sent';
}
