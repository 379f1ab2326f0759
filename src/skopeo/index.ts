export { findSkopeo, type Skopeo } from './find.ts';
export { type Installer, setUpSkopeo, type SetUpOptions } from './setup.ts';
export { createSkopeoEnvironment, type SkopeoEnvironment, type SkopeoTools } from './environment.ts';
export { copyWithSkopeo, LAYOUT, POOL, poolOf, type SkopeoCopy } from './copy.ts';
export { writeAuthFile } from './auth-file.ts';
export { makeOwnHome } from './own-home.ts';
export { inspectRaw } from './inspect.ts';
export { skopeoFailure } from './failure.ts';
