import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { main } from '../../src/cli/main.ts';

/** Runs the command in this process, and expects it to succeed; what it writes to its standard output. */
export async function runMain(args: readonly string[]): Promise<string> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const [printed, said] = [text(stdout), text(stderr)];
  const exitCode = await main(args, {
    pid: process.pid,
    env: {},
    stdin: Readable.from([]),
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
  if (exitCode !== 0) throw new Error(`oci-save ${args.join(' ')}: exit ${exitCode}\n${await said}`);
  return printed;
}
