import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { main as Main } from '../../src/cli/main.ts';

export type CommandMain = typeof Main;

export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CapturedOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** What stands on its standard input. */
  readonly input?: Iterable<Uint8Array>;
  /** How wide the terminal is that both outputs are, where they are one. */
  readonly columns?: number | undefined;
}

/** Runs a command in this process; signals do not reach it. */
export async function captured(
  main: CommandMain,
  args: readonly string[],
  { env = {}, input = [], columns }: CapturedOptions = {},
): Promise<Ran> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  if (columns !== undefined) for (const output of [stdout, stderr]) Object.assign(output, { columns });
  const [printed, said] = [text(stdout), text(stderr)];
  const exitCode = await main(args, {
    pid: process.pid,
    env,
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
