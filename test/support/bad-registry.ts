export { type BadRegistry, type BadRegistryOptions, startBadRegistry } from './bad-registry/start.ts';
export type { BadLog, BadRequest } from './bad-registry/log.ts';
export {
  type AuthSwitches,
  type BadSwitches,
  BLOBS,
  type Failure,
  type Fault,
  MANIFESTS,
  type Redirect,
  type TokenSwitches,
} from './bad-registry/switches.ts';
