import type { ActionLog } from './log.ts';

/** What one step works with. */
export interface Step {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: ActionLog;
  /** The workspace's real path. */
  readonly workspace: string;
  /** Tells the runner what to hide. */
  readonly mask: (secret: string) => void;
  readonly signal: AbortSignal;
}
