export { lockSchema, type Leaf, type Lock, type LockedImage } from './schema.ts';
export { type NamingRule, parseNamingRule, storedNames } from './naming.ts';
export { type NameAndTag, splitName } from './stored-name.ts';
export { repositoryPath, whyUnservable } from './repository-path.ts';
export { buildLock, digestOfLock, encodeLock, type LockInput } from './build-lock.ts';
export { LOCK_MANNER } from './lock-manner.ts';
export { parseLock } from './parse-lock.ts';
