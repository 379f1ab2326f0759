export { type LoggedCall, type ReleaseService, startReleaseService, WRITER } from './start.ts';
export type { StoredAsset, StoredRelease } from './state.ts';
export type { FaultRule, ReleaseFault, ReleaseServiceOptions } from './switches.ts';
