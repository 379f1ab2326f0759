export { PushContents } from './push-registry/contents.ts';
export { type PushRegistry, type PushRequest, startPushRegistry } from './push-registry/start.ts';
export type { PushSwitches, QuotaWords } from './push-registry/switches.ts';
