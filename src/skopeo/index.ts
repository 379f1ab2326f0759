export { canName, findSkopeo, type Skopeo } from './find.ts';
export { type Installer, setUpSkopeo } from './setup.ts';
export {
  createSkopeoEnvironment,
  isDaemonElsewhere,
  makeOwnHome,
  type SkopeoEnvironment,
  type SkopeoTools,
} from './environment.ts';
export { openAuthFile, type SkopeoAuth } from './auth-file.ts';
export { copyWithSkopeo, inspectRaw, LAYOUT, type LocalImage, POOL, poolOf } from './copy.ts';
export { whileItGrows } from './growth.ts';
export { skopeoFailure } from './failure.ts';
export { LONGEST_WAIT_MILLISECONDS, type SkopeoThrottle } from './throttle.ts';
