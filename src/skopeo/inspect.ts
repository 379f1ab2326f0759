import { run } from '../process.ts';
import type { SkopeoEnvironment } from './environment.ts';
import { skopeoFailure } from './failure.ts';
import type { Skopeo } from './find.ts';

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
