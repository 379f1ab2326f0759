import path from 'node:path';
import { type ProcessResult, run } from '../process.ts';
import type { SkopeoEnvironment } from './environment.ts';
import { skopeoFailure } from './failure.ts';
import type { Skopeo } from './find.ts';

export interface SkopeoCopy {
  readonly skopeo: Skopeo;
  readonly environment: SkopeoEnvironment;
  /** The working directory. The layout and the pool are named relative to it: a `:` in a path means a tag. */
  readonly folder: string;
  /** HOME, where it is not the environment's. */
  readonly home?: string | undefined;
  /** `docker://name@digest` or `docker-archive:file`. Validated before; it is one argument, never shell text. */
  readonly source: string;
  readonly preserveDigests: boolean;
  readonly authFile?: string | undefined;
  readonly insecure?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The layout that skopeo writes, and beside it the folder where its blobs land, below a copy's folder. */
export const LAYOUT = 'layout';
export const POOL = 'pool';

/** Where the pool of a copy holds its blobs. */
export function poolOf(folder: string): string {
  return path.join(folder, POOL, 'sha256');
}

/** One `skopeo copy` of one image manifest into a layout of its own. The result says how it ended. */
export function copyWithSkopeo(copy: SkopeoCopy): Promise<ProcessResult> {
  const { skopeo, environment, folder, home, source, preserveDigests, authFile, insecure, signal } = copy;
  const env = home === undefined ? environment.env : { ...environment.env, HOME: home };
  return run(
    skopeo.file,
    [
      ...environment.globalArgs,
      'copy',
      ...(preserveDigests ? ['--preserve-digests'] : []),
      '--remove-signatures',
      '--quiet',
      ...(authFile === undefined ? ['--src-no-creds'] : ['--src-authfile', authFile]),
      '--src-cert-dir',
      environment.certsFolder,
      ...(insecure === true ? ['--src-tls-verify=false'] : []),
      '--dest-shared-blob-dir',
      POOL,
      source,
      `oci:${LAYOUT}`,
    ],
    { cwd: folder, env, signal },
  );
}

export interface SkopeoInspect {
  readonly skopeo: Skopeo;
  readonly environment: SkopeoEnvironment;
  /** The working directory: local sources are named relative to it. */
  readonly folder: string;
  readonly source: string;
  /** How messages name the source. */
  readonly subject: string;
  readonly signal?: AbortSignal | undefined;
}

/** The manifest of a local image as its transport has it. Throws as `skopeoFailure` classes it. */
export async function inspectRaw(inspect: SkopeoInspect): Promise<Uint8Array> {
  const { skopeo, environment, folder, source, subject, signal } = inspect;
  const result = await run(skopeo.file, [...environment.globalArgs, 'inspect', '--raw', source], {
    cwd: folder,
    env: environment.env,
    signal,
    maxOutput: 8 * 1024 * 1024,
  });
  if (result.exitCode !== 0) throw skopeoFailure(subject, result);
  return new TextEncoder().encode(result.stdout);
}
