export { askTargets } from './ask-targets.ts';
export { readContent, type PushContent } from './content.ts';
export type { PushContext } from './context.ts';
export type { PushPolicy } from './decide.ts';
export { type Destination, destinationOf } from './destination.ts';
export { findPushed, type RightDigest } from './find-pushed.ts';
export { refuseCollisions } from './plan.ts';
export { pushToTargets } from './push.ts';
export { parsePushTargets, type PushTarget } from './target.ts';
