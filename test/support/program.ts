import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { closable, type Closable } from './closable.ts';
import { compiled } from './compiled.ts';
import { toolsSearchPath } from './tools.ts';

export interface ProgramOptions {
  readonly cwd?: string;
  /** Added to PATH, HOME and the temporary folder; nothing else is inherited. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string | Uint8Array;
}

export interface ProgramResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The environment of a program, with `extra` of its own. */
export function environment(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
  const inherited = ['HOME', 'TMPDIR', 'USER', 'XDG_RUNTIME_DIR'].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    ...Object.fromEntries(inherited),
    ...compiled(),
    PATH: toolsSearchPath(),
    LC_ALL: 'C.UTF-8',
    ...extra,
  };
}

/** Runs a program to its end; its exit code is a result. Rejects where it cannot be started. */
export async function runProgram(
  file: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramResult> {
  const { cwd, env, input } = options;
  const child = spawn(file, args, { cwd, env: environment(env), stdio: ['pipe', 'pipe', 'pipe'] });
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  // A program that does not read its input closes it: its exit code tells what came of it.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { exitCode, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() };
}

/** What a program prints. @throws Error with its error output where it fails. */
export async function outputOf(
  file: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<string> {
  const { exitCode, stdout, stderr } = await runProgram(file, args, options);
  if (exitCode !== 0) throw new Error(`${file} ${args.join(' ')}: exit ${exitCode}\n${stderr || stdout}`);
  return stdout;
}

export interface Daemon extends Closable {
  readonly pid: number;
  /** Every line of both outputs so far. */
  readonly lines: readonly string[];
  /** The first line, past or to come, that matches. Rejects when the program ends or the time is over. */
  line(pattern: RegExp, seconds?: number): Promise<RegExpExecArray>;
}

/** Starts a program that stays. Closed with SIGTERM, then SIGKILL; it never outlives this process. */
export function startDaemon(file: string, args: readonly string[], options: ProgramOptions = {}): Daemon {
  const child = spawn(file, args, {
    cwd: options.cwd,
    env: environment(options.env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const killed = (): void => void child.kill('SIGKILL');
  process.once('exit', killed);
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  let end: string | undefined;
  const wake = (): void => [...waiting].forEach((look) => look());
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      wake();
    });
  }
  const ended = new Promise<void>((resolve) => {
    child.once('error', (error) => ((end = error.message), wake(), resolve()));
    child.once('close', (code, signal) => ((end ??= `exit ${code ?? signal}`), wake(), resolve()));
  });
  const failure = (why: string): Error => new Error(`${file}: ${why}\n${lines.slice(-20).join('\n')}`);
  const line = (pattern: RegExp, seconds = 20): Promise<RegExpExecArray> =>
    new Promise((resolve, reject) => {
      let seen = 0;
      const done = (settle: () => void): void => {
        waiting.delete(look);
        clearTimeout(timer);
        settle();
      };
      const look = (): void => {
        for (; seen < lines.length; seen += 1) {
          const match = pattern.exec(lines[seen] ?? '');
          if (match) return done(() => resolve(match));
        }
        if (end !== undefined) done(() => reject(failure(`ended (${end})`)));
      };
      const timer = setTimeout(
        () => done(() => reject(failure(`no line ${pattern} after ${seconds} s`))),
        seconds * 1000,
      );
      waiting.add(look);
      look();
    });
  return closable({ pid: child.pid ?? 0, lines, line }, async () => {
    await terminate(child, ended);
    process.removeListener('exit', killed);
  });
}

async function terminate(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
  await ended;
  clearTimeout(timer);
}
