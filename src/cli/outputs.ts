import { systemCodeOf } from '../errors.ts';
import type { Host } from './run.ts';

/**
 * Keeps a failing output from ending the process in the midst of its work. A reader that left, as `head` does (EPIPE), has
 * read what it wanted: the exit code tells of the work alone. A result that cannot be written otherwise, to a full disk for
 * example, is an error. What people read may be lost: nobody can be told.
 * @returns waits until all is written; gives the exit code, which is that of the work or 1
 */
export function watchOutputs({
  stdout,
  stderr,
}: Pick<Host, 'stdout' | 'stderr'>): (exitCode: number) => Promise<number> {
  let lost: string | undefined;
  stdout.on('error', (error: Error) => {
    const code = systemCodeOf(error) ?? error.message;
    if (code !== 'EPIPE') lost ??= code;
  });
  stderr.on('error', () => {});
  return async (exitCode) => {
    await written(stdout);
    if (lost !== undefined)
      stderr.write(`error: the result cannot be written to the standard output (${lost})\n`);
    await written(stderr);
    return lost === undefined ? exitCode : Math.max(exitCode, 1);
  };
}

function written(output: NodeJS.WritableStream): Promise<void> {
  return new Promise((resolve) => void output.write('', () => resolve()));
}
