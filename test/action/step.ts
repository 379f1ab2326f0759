import { readFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Writable } from 'node:stream';
import { vi } from 'vitest';
import { main } from '../../src/action/main.ts';
import { tempFolder } from '../support/temp.ts';
import { closable, type Closable } from '../support/closable.ts';

export interface StepEnd {
  readonly exitCode: number | undefined;
  readonly outputs: Readonly<Record<string, string>>;
  /** What was printed, commands included. */
  readonly raw: string;
  /** The last error that was told. */
  readonly verdict: string;
  /** How the process ended itself, and what stood there then. It goes on here. */
  readonly forced: Forced | undefined;
}

export interface Forced extends Pick<StepEnd, 'outputs' | 'raw'> {
  readonly signal: string;
}

export interface StepOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** The step is cancelled when it has printed this. */
  readonly cancelAt?: RegExp;
  /** What comes then before it ends in order: another signal, or the end of the time for it. */
  readonly force?: 'SIGTERM' | 'time';
}

/** A workspace in which the action runs in this process. Its command files are the runner's. */
export interface Workspace extends Closable {
  file(name: string): string;
  write(name: string, content: string): Promise<void>;
  step(inputs: Readonly<Record<string, string>>, options?: StepOptions): Promise<StepEnd>;
}

const OUTPUT = /^([^\n<]+)<<(.+)\n([^]*?)\n?\2$/gm;

const outputsIn = (text: string): Record<string, string> =>
  Object.fromEntries([...text.matchAll(OUTPUT)].map(([, name = '', , value = '']) => [name, value]));

/** More than the time for an orderly end. */
const PATIENCE = 60_000;

/** For the types: the process does not return from its end. */
const hangs = (() => {}) as () => never;

export async function startWorkspace(): Promise<Workspace> {
  const folder = await tempFolder('step');
  const workspace = path.join(folder.path, 'site/site');
  await mkdir(workspace, { recursive: true });
  const file = (name: string): string => path.join(workspace, name);
  let steps = 0;
  const step = async (
    inputs: Readonly<Record<string, string>>,
    { env = {}, cancelAt, force }: StepOptions = {},
  ): Promise<StepEnd> => {
    steps += 1;
    const outputFile = path.join(folder.path, `output-${steps}`);
    await writeFile(outputFile, '');
    const variables: Record<string, string> = {
      GITHUB_OUTPUT: outputFile,
      GITHUB_WORKSPACE: workspace,
      GITHUB_STEP_SUMMARY: path.join(folder.path, 'summary'),
      HOME: folder.path,
      INPUT_CACHE: 'off',
      INPUT_COPIER: 'direct',
      INPUT_RETRIES: '0',
      ...Object.fromEntries(
        Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]),
      ),
      ...env,
    };
    let raw = '';
    let forced: Forced | undefined;
    const listeners = new Map<string, () => void>();
    const timers: NodeJS.Timeout[] = [];
    const cancel = (): void => {
      const send = (signal: string): void => listeners.get(signal)?.();
      if (force === 'time') vi.useFakeTimers({ toFake: ['setTimeout'] });
      const begun = vi.spyOn(globalThis, 'setTimeout');
      send('SIGINT');
      for (const { value } of begun.mock.results) timers.push(value);
      begun.mockRestore();
      if (force === 'time') vi.advanceTimersByTime(PATIENCE).useRealTimers();
      if (force === 'SIGTERM') send(force);
    };
    let cancelled = false;
    let running = true;
    const see = (chunk: unknown): boolean => {
      raw += String(chunk);
      if (!cancelled && cancelAt?.test(raw) === true) {
        cancelled = true;
        // Not while it writes: what a signal makes it print would wait.
        queueMicrotask(cancel);
      }
      return true;
    };
    for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
    const spies = [
      vi.spyOn(process, 'cwd').mockReturnValue(workspace),
      // The toolkit prints its commands there.
      vi.spyOn(process.stdout, 'write').mockImplementation(see),
    ];
    try {
      await main({
        pid: process.pid,
        env: variables,
        stdout: new Writable({
          decodeStrings: false,
          write(chunk, _encoding, done) {
            see(chunk);
            done();
          },
        }),
        on: (signal, listener) => listeners.set(signal, listener),
        off: () => {},
        kill(_, signal) {
          // What comes too late is passed over: the step has returned.
          if (running) forced ??= { signal, raw, outputs: outputsIn(readFileSync(outputFile, 'utf8')) };
        },
        exit: hangs,
      });
      const errors = [...raw.matchAll(/^::error[^:]*::(.*)$/gm)].map(([, message = '']) => message);
      return {
        exitCode: process.exitCode === undefined ? undefined : Number(process.exitCode),
        outputs: outputsIn(await readFile(outputFile, 'utf8')),
        raw,
        forced,
        verdict: (errors.at(-1) ?? '').replaceAll('%0A', '\n'),
      };
    } finally {
      running = false;
      // A step's process would have ended; this one goes on, and the forced end would kill the programs of later tests.
      timers.forEach(clearTimeout);
      process.exitCode = undefined;
      spies.forEach((spy) => spy.mockRestore());
      vi.unstubAllEnvs();
    }
  };
  return closable<Omit<Workspace, keyof Closable>>(
    { file, step, write: (name, content) => writeFile(file(name), content) },
    () => folder.close(),
  );
}
