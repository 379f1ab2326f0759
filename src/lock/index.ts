export {
  lockedImageSchema,
  lockSchema,
  type Leaf,
  type Lock,
  type LockedImage,
  type LockedReferrer,
} from './schema.ts';
export {
  idleRules,
  placeOf,
  repositoryPath,
  splitName,
  storedNames,
  storedRepositories,
  storedRepository,
  whyUnservable,
} from './names.ts';
export { whyUnstorable } from './grammar.ts';
export { chooseNames, type ChosenNames } from './choose-names.ts';
export { buildLock, digestOfLock, encodeLock, type LockInput } from './build-lock.ts';
export { mergeLocks } from './merge-locks.ts';
export {
  beginsAsLock,
  checkLock,
  LOCK_FILE_KIND,
  LOCK_HINT,
  MAX_LOCK_BYTES,
  parseLock,
} from './parse-lock.ts';
export { artifactsIn, isArtifact, isForPlatform, type PlatformLeaf } from './artifacts.ts';
export { areSame, isSparse, taggedDigest, taggedMediaType } from './tagged.ts';
