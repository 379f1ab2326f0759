import { main } from '../../src/cli/main.ts';
import { captured, type Ran } from './captured.ts';

/** Runs the command in this process, and expects it to succeed; what it writes to its standard output. */
export async function runMain(args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runMainAnyhow(args);
  if (exitCode !== 0) throw new Error(`oci-save ${args.join(' ')}: exit ${exitCode}\n${stderr}`);
  return stdout;
}

/**
 * The same, however it ends. `input` is what stands on its standard input; `columns`, how wide the terminal is that both
 * outputs are, where they are one.
 */
export function runMainAnyhow(
  args: readonly string[],
  input: Iterable<Uint8Array> = [],
  columns?: number,
): Promise<Ran> {
  return captured(main, args, { input, columns });
}
