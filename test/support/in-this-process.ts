import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { captured, type CommandMain } from './captured.ts';
import type { RunsCommand } from './oci-save.ts';
import { environment } from './program.ts';

const COMMAND = pathToFileURL(path.resolve('dist/cli-main.js')).href;

/** Where runs are at work now, how many, and where the process was before. */
let here: { readonly folder: string; readonly back: string; runs: number } | undefined;

/**
 * Runs the built command in this process, from its arguments to its exit code. To start a program costs more than most
 * runs, and here all but the first find the code compiled. A process has one working folder: runs at the same time have
 * to be in the same one.
 */
export const inThisProcess: RunsCommand = async (args, { cwd, env, input }) => {
  const { main }: { main: CommandMain } = await import(COMMAND);
  const leave = enter(cwd);
  try {
    return await captured(main, args, {
      env: environment(env),
      input: input === '' ? [] : [Buffer.from(input)],
    });
  } finally {
    leave();
  }
};

/** Makes a folder the working folder until the last run in it has ended. */
function enter(folder: string): () => void {
  if (here !== undefined && here.folder !== folder) throw new Error(`a run is at work in ${here.folder}`);
  here ??= { folder, back: process.cwd(), runs: 0 };
  const mine = here;
  if (mine.runs === 0) process.chdir(folder);
  mine.runs += 1;
  return () => {
    mine.runs -= 1;
    if (mine.runs > 0) return;
    process.chdir(mine.back);
    here = undefined;
  };
}
