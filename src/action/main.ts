import { getInput, setSecret } from '@actions/core';
import { OciSaveError } from '../errors.ts';
import type { RunReport } from '../report/index.ts';
import { type SignalHost, watchSignals } from '../runtime/index.ts';
import { type ActionInputs, parseInputs } from '../options/index.ts';
import { save } from '../commands/index.ts';
import { secretsOf } from '../registry/index.ts';
import { setUpSkopeo } from '../skopeo/index.ts';
import { fail, finish, forceOutputs, warnOfRest } from './ending.ts';
import { forgetSecrets, inputLines, readInputs } from './inputs.ts';
import { createInstaller } from './skopeo/index.ts';
import { createActionLog, type Step } from './log.ts';
import { createMasks, secretsIn } from './masks.ts';
import { boundaryOf, storeFolderOf, workspaceOf } from './places.ts';
import { remoteCacheOf } from './remote-cache.ts';

/** The process that runs the action. */
export interface Host extends SignalHost {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: NodeJS.WritableStream;
}

/**
 * The action: inputs become options of one save, and its result outputs, annotations and a summary. A step that fails
 * says so once, in its last line. Apart from the command, this is the only place that catches everything.
 */
export async function main(host: Host): Promise<void> {
  const { env, stdout } = host;
  const log = createActionLog(stdout);
  // A log that nobody reads any more is no reason to stop in the midst of the work.
  stdout.on('error', () => {});
  const masks = createMasks(setSecret, (message) => log.emit({ type: 'log', level: 'warning', message }));
  secretsIn(env).forEach(masks.add);
  const seen: Seen = { hasOutputs: false };
  const interruption = watchSignals(host, {
    onForced(text) {
      stdout.write(`::error::${text}\n`);
      if (!seen.hasOutputs) forceOutputs(new OciSaveError({ code: 'interrupted', message: text }));
    },
  });
  const step: Step = { env, log, workspace: await workspaceOf(env), masks, signal: interruption.signal };
  let inputs: ActionInputs | undefined;
  try {
    const given = readInputs(getInput, env);
    forgetSecrets(process.env);
    inputs = parseInputs(given);
    for (const { username, password } of inputs.options.credentials) {
      secretsOf({ username, password: password.reveal() }).forEach(masks.add);
    }
    await log.inGroup('Inputs', async (line) => inputLines(given).forEach(line));
    await saveHere(inputs, seen, step);
  } catch (error) {
    await fail(error, seen.report, inputs, step);
  } finally {
    seen.hasOutputs = true;
    interruption.stop();
  }
}

/** What a step has come to, for one that ends with an error. */
interface Seen {
  /** Once it is written. */
  report?: RunReport;
  /** Whether the outputs are set. */
  hasOutputs: boolean;
}

async function saveHere(inputs: ActionInputs, seen: Seen, step: Step): Promise<void> {
  const { options, token } = inputs;
  const { env, log, workspace, masks, signal } = step;
  const installer = createInstaller(step);
  let shown = 0;
  const cacheDir = options.cacheDir || (await storeFolderOf(workspace, env));
  try {
    await save(
      { ...options, cacheDir },
      {
        env,
        emit: log.emit,
        signal,
        onSecret: masks.add,
        sharesStore: true,
        boundary: await boundaryOf(workspace, env),
        remoteCache: await remoteCacheOf(inputs, step),
        releaseToken: token,
        onReport(report) {
          seen.report = report;
        },
        // Outputs and summary do not wait for the cache.
        async onResult(result) {
          log.stop();
          await finish(result, inputs, step);
          seen.hasOutputs = true;
          shown = log.warnings.length;
        },
        async setUpSkopeo(wanted, folder) {
          const skopeo = await setUpSkopeo({ wanted, env, folder, installer });
          log.emit({ type: 'log', level: 'info', message: `skopeo ${skopeo.version} (${skopeo.file})` });
          return skopeo;
        },
      },
    );
    warnOfRest(shown, inputs, step);
  } finally {
    log.stop();
  }
}
