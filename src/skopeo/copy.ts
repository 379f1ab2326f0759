import path from 'node:path';
import { MAX_MANIFEST_BYTES } from '../oci/manifest.ts';
import { type ProcessResult, run } from '../process.ts';
import type { SkopeoAuth } from './auth-file.ts';
import type { SkopeoEnvironment } from './environment.ts';
import type { Skopeo } from './find.ts';
import { isComplaint, type SkopeoThrottle, throttleIn } from './throttle.ts';

/** An image on this machine, as skopeo is told of it. */
export interface LocalImage {
  /** `docker-archive:file`, `docker-daemon:name:tag`, `containers-storage:name:tag`. */
  readonly source: string;
  /** A storage of its user: there skopeo runs with the user's own home. */
  readonly storage?: 'docker-daemon' | 'containers-storage' | undefined;
}

export interface SkopeoCopy extends LocalImage {
  readonly skopeo: Skopeo;
  readonly environment: SkopeoEnvironment;
  /** The working directory. Local sources, the layout and the pool are relative to it: a `:` in a path means a tag. */
  readonly folder: string;
  /** HOME, where it is not the environment's. */
  readonly home?: string | undefined;
  readonly preserveDigests: boolean;
  /** The folder of certificates for the source's registry; undefined where it is none. */
  readonly certsFolder?: string | undefined;
  readonly auth?: SkopeoAuth | undefined;
  readonly insecure?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told when a registry throttles skopeo, which then waits in silence. */
  readonly onThrottle?: ((throttle: SkopeoThrottle) => void) | undefined;
}

/** The layout that skopeo writes, and the folder of its blobs, both in a copy's folder. */
export const LAYOUT = 'layout';
export const POOL = 'pool';

/** Where the pool of a copy holds its blobs. */
export function poolOf(folder: string): string {
  return path.join(folder, POOL, 'sha256');
}

/** One `skopeo copy` of one image manifest into its own layout. The result says how it ended. */
export function copyWithSkopeo(copy: SkopeoCopy): Promise<ProcessResult> {
  const { skopeo, environment, folder, home, source, storage, preserveDigests, certsFolder } = copy;
  const { auth, insecure, signal, onThrottle } = copy;
  const onErrorLine = (line: string): boolean => {
    const throttle = throttleIn(line);
    if (throttle !== undefined) onThrottle?.(throttle);
    return isComplaint(line);
  };
  const base = storage === undefined ? environment.env : environment.storageEnv;
  const env = home === undefined ? base : { ...base, HOME: home };
  return run(
    skopeo.file,
    [
      ...environment.globalArgs,
      // At no other level does it tell of a 429, for which it waits a minute four times.
      ...(onThrottle === undefined ? [] : ['--debug']),
      'copy',
      ...(preserveDigests ? ['--preserve-digests'] : []),
      '--remove-signatures',
      '--quiet',
      ...(auth === undefined ? ['--src-no-creds'] : ['--src-authfile', auth.file]),
      ...(certsFolder === undefined ? [] : ['--src-cert-dir', certsFolder]),
      ...(insecure === true ? ['--src-tls-verify=false'] : []),
      ...(storage === 'docker-daemon' ? environment.daemonFlags('src-') : []),
      '--dest-shared-blob-dir',
      POOL,
      source,
      `oci:${LAYOUT}`,
    ],
    { cwd: folder, env, signal, stdin: auth?.stdin, onErrorLine },
  );
}

export interface SkopeoInspect extends Pick<SkopeoCopy, 'skopeo' | 'environment' | 'folder' | 'signal'> {
  readonly local: LocalImage;
}

/** Prints the manifest of a local image as its transport has it. The result says how it ended. */
export function inspectRaw(inspect: SkopeoInspect): Promise<ProcessResult> {
  const { skopeo, environment, folder, local, signal } = inspect;
  const { source, storage } = local;
  const flags = storage === 'docker-daemon' ? environment.daemonFlags('') : [];
  return run(skopeo.file, [...environment.globalArgs, 'inspect', '--raw', ...flags, source], {
    cwd: folder,
    env: storage === undefined ? environment.env : environment.storageEnv,
    signal,
    maxOutput: MAX_MANIFEST_BYTES,
  });
}
