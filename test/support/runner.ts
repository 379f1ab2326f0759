import { spawn } from 'node:child_process';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { type RunReport, runReportSchema } from '../../src/report/index.ts';
import { closable, type Closable } from './closable.ts';
import { compiled } from './compiled.ts';
import { tempFolder } from './temp.ts';
import { toolsSearchPath } from './tools.ts';

/** The action as it is shipped. */
export const ACTION = path.resolve('dist/index.js');

const actionSchema = z.looseObject({
  inputs: z.record(z.string(), z.looseObject({ default: z.string().optional() })),
  outputs: z.record(z.string(), z.looseObject({ description: z.string() })),
  runs: z.looseObject({ using: z.literal('node24'), main: z.literal('dist/index.js') }),
});

/** The token that a job has, whether its steps use it or not. */
export const JOB_TOKEN = 'ghs_TheTokenOfTheJob0123456789abcdefghij';

/** action.yml, read as the runner reads it. */
export async function actionMetadata(): Promise<z.infer<typeof actionSchema>> {
  return actionSchema.parse(parse(await readFile('action.yml', 'utf8')));
}

/** A `::error` or `::warning` of the log. */
export interface LoggedAnnotation {
  readonly kind: 'error' | 'warning' | 'notice';
  readonly message: string;
  readonly properties: Readonly<Record<string, string>>;
}

export interface StepResult {
  readonly exitCode: number | null;
  /** Both outputs, as the action wrote them. */
  readonly raw: string;
  /** The log as people see it: commands taken out, secrets hidden. */
  readonly log: string;
  readonly annotations: readonly LoggedAnnotation[];
  /** Titles of groups, in order. */
  readonly groups: readonly string[];
  readonly masks: readonly string[];
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
}

export interface StepOptions {
  /** Added to the step's environment; undefined takes a variable out. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** A prefix of the command, as `unshare` and its options. */
  readonly wrap?: readonly string[];
  /** The run is cancelled when its output matches. */
  readonly cancelAt?: RegExp;
}

export interface Runner extends Closable {
  /** All that belongs to it. */
  readonly folder: string;
  /** The workspace, in which a step runs. */
  readonly workspace: string;
  /** What the runner keeps beside it. */
  readonly home: string;
  readonly temp: string;
  /** What RUNNER_TOOL_CACHE names. */
  readonly tools: string;
  file(name: string): string;
  write(name: string, content: string): Promise<void>;
  /** Runs the action as one step: the defaults of action.yml, and `inputs` as `with` has them. */
  step(inputs: Readonly<Record<string, string>>, options?: StepOptions): Promise<StepResult>;
  report(file?: string): Promise<RunReport>;
}

/** A runner with one workspace: what github.com's sets for a step, and a home and temporary folders of its own. */
export async function startRunner(base: Readonly<Record<string, string | undefined>> = {}): Promise<Runner> {
  const metadata = await actionMetadata();
  const folder = await tempFolder('runner');
  const [workspace, home, temp, files] = ['_work/site/site', 'home', '_work/_temp', '_work/_files'].map(
    (name) => path.join(folder.path, name),
  ) as [string, string, string, string];
  const tools = path.join(folder.path, 'tools');
  for (const made of [workspace, home, temp, files, tools]) await mkdir(made, { recursive: true });
  let steps = 0;

  const step = async (
    inputs: Readonly<Record<string, string>>,
    { env = {}, wrap = [], cancelAt }: StepOptions = {},
  ): Promise<StepResult> => {
    steps += 1;
    // Others may begin before this one has ended.
    const own = steps;
    const commandFile = (name: string): string => path.join(files, `${name}_${own}`);
    const commands = ['GITHUB_OUTPUT', 'GITHUB_STATE', 'GITHUB_ENV', 'GITHUB_PATH', 'GITHUB_STEP_SUMMARY'];
    for (const name of commands) {
      await writeFile(commandFile(name), '');
      // The step's user may be another one.
      await chmod(commandFile(name), 0o666);
    }
    const defaults = Object.entries(metadata.inputs).map(([name, input]) => [
      name,
      (input.default ?? '').replace('${{ github.token }}', JOB_TOKEN),
    ]);
    const given = { ...Object.fromEntries(defaults), ...inputs };
    const all: Record<string, string | undefined> = {
      ...compiled(),
      PATH: toolsSearchPath(),
      HOME: home,
      XDG_RUNTIME_DIR: path.join(home, 'run'),
      CI: 'true',
      GITHUB_ACTIONS: 'true',
      GITHUB_WORKSPACE: workspace,
      GITHUB_REPOSITORY: 'org/site',
      GITHUB_SHA: '0123456789abcdef0123456789abcdef01234567',
      GITHUB_SERVER_URL: 'https://github.com',
      RUNNER_OS: 'Linux',
      RUNNER_ARCH: 'X64',
      RUNNER_TEMP: temp,
      RUNNER_TOOL_CACHE: tools,
      ...Object.fromEntries(commands.map((name) => [name, commandFile(name)])),
      ...Object.fromEntries(
        Object.entries(given).map(([name, value]) => [
          `INPUT_${name.replaceAll(' ', '_').toUpperCase()}`,
          value,
        ]),
      ),
      ...base,
      ...env,
    };
    const set = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined);
    // A shell in between would lose variables with a hyphen in their names.
    const variables = wrap.length === 0 ? [] : ['env', ...set.map((entry) => entry.join('='))];
    const { exitCode, raw } = await runStep([...wrap, ...variables, process.execPath, ACTION], {
      cwd: workspace,
      env: Object.fromEntries(set),
      cancelAt,
    });
    return {
      exitCode,
      raw,
      ...readLog(raw),
      outputs: readOutputs(await readFile(commandFile('GITHUB_OUTPUT'), 'utf8')),
      summary: await readFile(commandFile('GITHUB_STEP_SUMMARY'), 'utf8'),
    };
  };

  return closable<Omit<Runner, keyof Closable>>(
    {
      folder: folder.path,
      workspace,
      home,
      temp,
      tools,
      file: (name) => path.join(workspace, name),
      write: async (name, content) => {
        await mkdir(path.dirname(path.join(workspace, name)), { recursive: true });
        await writeFile(path.join(workspace, name), content);
      },
      step,
      report: async (file = 'oci-bundle.report.json') =>
        runReportSchema.parse(JSON.parse(await readFile(path.join(workspace, file), 'utf8'))),
    },
    () => folder.close(),
  );
}

/** After a cancellation the runner waits so long before SIGTERM, and so long again before it kills (actions/runner). */
const CANCEL_MILLISECONDS = { SIGTERM: 7500, SIGKILL: 10_000 } as const;

/** Runs the step's process; its two outputs are one log, as the runner has it. */
async function runStep(
  [file = '', ...args]: readonly string[],
  { cwd, env, cancelAt }: { cwd: string; env: Record<string, string>; cancelAt: RegExp | undefined },
): Promise<{ exitCode: number | null; raw: string }> {
  const child = spawn(file, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let raw = '';
  let cancelled = false;
  const timers: NodeJS.Timeout[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      raw += text;
      if (cancelled || cancelAt?.test(raw) !== true) return;
      cancelled = true;
      child.kill('SIGINT');
      for (const signal of ['SIGTERM', 'SIGKILL'] as const)
        timers.push(setTimeout(() => child.kill(signal), CANCEL_MILLISECONDS[signal]));
    });
  }
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  timers.forEach(clearTimeout);
  return { exitCode, raw };
}

/** `::name key=value,key=value::message`, as actions/runner reads it: at a line's start, after white space. */
const COMMAND = /^\s*::([a-z-]+)(?: ([^:]*))?::(.*)$/;

type Log = Pick<StepResult, 'log' | 'annotations' | 'groups' | 'masks'>;

/** Reads a log from top to bottom: a mask hides what comes after it. */
function readLog(raw: string): Log {
  const shown: string[] = [];
  const annotations: LoggedAnnotation[] = [];
  const groups: string[] = [];
  const masks: string[] = [];
  const hidden = (text: string): string => masks.reduce((rest, mask) => rest.replaceAll(mask, '***'), text);
  for (const line of raw.split(/\r?\n/)) {
    const [, name = '', properties = '', data = ''] = COMMAND.exec(line) ?? [];
    const message = unescaped(data);
    if (name === 'add-mask') masks.push(message);
    else if (name === 'group') groups.push(message);
    else if (name === 'error' || name === 'warning' || name === 'notice') {
      annotations.push({ kind: name, message: hidden(message), properties: readProperties(properties) });
      shown.push(hidden(`${name}: ${message}`));
    } else if (name === '') shown.push(hidden(line));
  }
  return { log: shown.join('\n'), annotations, groups, masks };
}

function readProperties(text: string): Record<string, string> {
  const pairs = text.split(',').filter((pair) => pair.includes('='));
  return Object.fromEntries(
    pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), unescaped(pair.slice(pair.indexOf('=') + 1))]),
  );
}

function unescaped(text: string): string {
  const known: Record<string, string> = { '%0D': '\r', '%0A': '\n', '%3A': ':', '%2C': ',', '%25': '%' };
  return text.replaceAll(/%(?:0D|0A|3A|2C|25)/g, (escape) => known[escape] ?? escape);
}

/** The form `name<<delimiter`, lines, `delimiter`, which @actions/core writes. */
function readOutputs(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(/^([^\n<]+)<<(.+)\n([^]*?)\n?\2$/gm)].map(([, name = '', , value = '']) => [
      name,
      value,
    ]),
  );
}
