import type { PushName } from './plan.ts';

/** What a target will refuse, and whom that concerns. */
export interface Issue {
  readonly error: unknown;
  readonly names: readonly PushName[];
}
