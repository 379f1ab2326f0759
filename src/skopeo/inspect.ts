import { run } from '../process.ts';
import type { SkopeoEnvironment } from './environment.ts';
import { skopeoFailure } from './failure.ts';
import type { Skopeo } from './find.ts';

/** The manifest of a local image as its transport has it. Throws as `skopeoFailure` classes it. */
export async function inspectRaw(options: {
  readonly skopeo: Skopeo;
  readonly environment: SkopeoEnvironment;
  readonly source: string;
  readonly signal?: AbortSignal | undefined;
}): Promise<Uint8Array> {
  const { skopeo, environment, source, signal } = options;
  const result = await run(skopeo.file, [...environment.globalArgs, 'inspect', '--raw', source], {
    env: environment.env,
    signal,
    maxOutput: 8 * 1024 * 1024,
  });
  if (result.exitCode !== 0) throw skopeoFailure(source, result);
  return new TextEncoder().encode(result.stdout);
}
