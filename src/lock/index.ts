export { lockedImageSchema, lockSchema, type Leaf, type Lock, type LockedImage } from './schema.ts';
export { storedNames } from './naming.ts';
export { type NameAndTag, splitName } from './stored-name.ts';
export { whyUnstorable } from './grammar.ts';
export { repositoryPath, whyUnservable } from './repository-path.ts';
export { buildLock, digestOfLock, encodeLock, type LockInput } from './build-lock.ts';
export { LOCK_FILE_KIND } from './lock-file-kind.ts';
export { parseLock } from './parse-lock.ts';
