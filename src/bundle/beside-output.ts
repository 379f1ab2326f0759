import path from 'node:path';

/** The path of a file beside an output: `.<name>.<suffix>`. */
export function besideOutput(output: string, suffix: string): string {
  return path.join(path.dirname(output), `.${path.basename(output)}.${suffix}`);
}
