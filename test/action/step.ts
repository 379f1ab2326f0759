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
}

export interface StepOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** The step is cancelled when it has printed this. */
  readonly cancelAt?: RegExp;
}

/** A workspace in which the action runs in this process. Its command files are the runner's. */
export interface Workspace extends Closable {
  file(name: string): string;
  write(name: string, content: string): Promise<void>;
  step(inputs: Readonly<Record<string, string>>, options?: StepOptions): Promise<StepEnd>;
}

const OUTPUT = /^([^\n<]+)<<(.+)\n([^]*?)\n?\2$/gm;

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
    { env = {}, cancelAt }: StepOptions = {},
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
    let stop = (): void => {};
    const see = (chunk: unknown): boolean => {
      raw += String(chunk);
      if (cancelAt?.test(raw) === true) stop();
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
        on(signal, listener) {
          let sent = false;
          if (signal === 'SIGINT')
            stop = () => {
              if (!sent) listener();
              sent = true;
            };
        },
        off: () => {},
        kill: () => {},
        // The process would end by that some seconds after a signal. Nobody sees it: the step has returned.
        exit: hangs,
      });
      const errors = [...raw.matchAll(/^::error[^:]*::(.*)$/gm)].map(([, message = '']) => message);
      return {
        exitCode: process.exitCode === undefined ? undefined : Number(process.exitCode),
        outputs: Object.fromEntries(
          [...(await readFile(outputFile, 'utf8')).matchAll(OUTPUT)].map(([, name = '', , value = '']) => [
            name,
            value,
          ]),
        ),
        raw,
        verdict: (errors.at(-1) ?? '').replaceAll('%0A', '\n'),
      };
    } finally {
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
