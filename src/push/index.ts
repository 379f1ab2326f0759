export { askTargets, findPushed, type RightDigest } from './find-pushed.ts';
export type { PushContext } from './context.ts';
export type { PushPolicy } from './decide.ts';
export { type Destination, destinationOf, refuseCollisions } from './plan.ts';
export { pushToTargets } from './push.ts';
