import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { compiled } from '../support/compiled.ts';
import { CLI } from '../support/oci-save.ts';
import { toolsSearchPath } from '../support/tools.ts';

export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stderr: string;
  readonly seconds: number;
  /** Whether it was killed since it took too long. */
  readonly hung: boolean;
}

export interface Running {
  readonly child: ChildProcess;
  readonly done: Promise<Ended>;
  /** Whether it has ended. */
  over(): boolean;
}

/** A run that takes longer hangs: it is killed, and the result says so. */
const HANGS_SECONDS = 120;
const CLOCK = pathToFileURL(path.join(import.meta.dirname, 'fast-clock.ts')).href;

/** Starts the shipped command in a folder; with a fast clock, for what would else wait for a minute. */
export function ociSave(folder: string, args: readonly string[], fast: boolean): Running {
  const began = performance.now();
  const child = spawn(process.execPath, [...(fast ? ['--import', CLOCK] : []), CLI, ...args], {
    cwd: folder,
    env: {
      ...compiled(),
      PATH: toolsSearchPath(),
      LC_ALL: 'C.UTF-8',
      HOME: path.join(folder, 'home'),
      XDG_RUNTIME_DIR: path.join(folder, 'runtime'),
      TMPDIR: path.dirname(folder),
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let hung = false;
  const timer = setTimeout(() => (hung = child.kill('SIGKILL')), HANGS_SECONDS * 1000);
  const pieces: Buffer[] = [];
  child.stderr.on('data', (piece: Buffer) => pieces.push(piece));
  let over = false;
  const done = new Promise<Ended>((resolve, reject) => {
    const end = (code: number | null, signal: string | null): void => {
      over = true;
      clearTimeout(timer);
      const seconds = (performance.now() - began) / 1000;
      resolve({ code, signal, stderr: Buffer.concat(pieces).toString(), seconds, hung });
    };
    child.once('error', reject);
    // What outlives a killed parent may hold the pipe: its end is not waited for.
    child.once('exit', (code, signal) => (signal === null ? (over = true) : end(code, signal)));
    child.once('close', end);
  });
  return { child, done, over: () => over };
}

/** Ends what was started below a folder and is still there: what a killed run has left. */
export function endStrays(folder: string): void {
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      if (`${readlinkSync(`/proc/${name}/cwd`)}/`.startsWith(`${folder}/`))
        process.kill(Number(name), 'SIGKILL');
    } catch {
      // It ended while we looked.
    }
  }
}
