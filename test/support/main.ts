import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { main } from '../../src/cli/main.ts';

export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

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
export async function runMainAnyhow(
  args: readonly string[],
  input: Iterable<Uint8Array> = [],
  columns?: number,
): Promise<Ran> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  if (columns !== undefined) for (const output of [stdout, stderr]) Object.assign(output, { columns });
  const [printed, said] = [text(stdout), text(stderr)];
  const exitCode = await main(args, {
    pid: process.pid,
    env: {},
    stdin: Readable.from(input),
    stdout,
    stderr,
    on: () => {},
    off: () => {},
    kill: () => {},
    exit: (code) => {
      throw new Error(`oci-save would exit with ${code}`);
    },
  });
  stdout.end();
  stderr.end();
  return { exitCode, stdout: await printed, stderr: await said };
}
