import {
  type AnnotationProperties,
  error as annotateError,
  getInput,
  isDebug,
  setFailed,
  setOutput,
  setSecret,
  warning as annotateWarning,
} from '@actions/core';
import { OciSaveError } from '../errors.ts';
import { type SignalHost, watchSignals } from '../interruption.ts';
import { type ActionInputs, parseInputs } from '../options.ts';
import { formatCount, renderError, renderSummary } from '../report/index.ts';
import { save, type SaveResult } from '../save.ts';
import { placesOf } from '../save/places.ts';
import { setUpSkopeo } from '../skopeo/index.ts';
import {
  type Annotation,
  detailAnnotations,
  errorWords,
  failureAnnotations,
  type FileOf,
  messageAnnotations,
  verdictOf,
  warningAnnotations,
} from './annotations.ts';
import { readInputs } from './inputs.ts';
import { createInstaller } from './installer.ts';
import { type ActionLog, createActionLog } from './log.ts';
import { createMask, secretsIn } from './masks.ts';
import { outputsOf } from './outputs.ts';
import { fileInWorkspace, storeFolderOf, workspaceOf } from './places.ts';
import { renderErrorSummary, renderJobSummary } from './summary.ts';
import { errorInWorkflowWords, reportInWorkflowWords } from './wording.ts';
import { writeSummary } from './write-summary.ts';

/** The process that runs the action. */
export interface Host extends SignalHost {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: NodeJS.WritableStream;
}

/** What one step works with. */
interface Step {
  readonly env: Host['env'];
  readonly log: ActionLog;
  readonly workspace: string;
  readonly mask: (secret: string) => void;
  readonly signal: AbortSignal;
}

/**
 * The action: inputs to options, one save, and what it made of them as outputs, annotations and a summary. A step that
 * fails says so once, in its last line. Beside the command, the only place that catches everything.
 */
export async function main(host: Host): Promise<void> {
  const { env, stdout } = host;
  const mask = createMask(setSecret);
  secretsIn(env).forEach(mask);
  const log = createActionLog(stdout);
  const interruption = watchSignals(host);
  const step = { env, log, workspace: await workspaceOf(env), mask, signal: interruption.signal };
  let inputs: ActionInputs | undefined;
  try {
    inputs = parseInputs(readInputs(getInput, env));
    await finish(await saveHere(inputs, step), inputs, step);
  } catch (error) {
    await fail(errorInWorkflowWords(error), inputs, step);
  } finally {
    interruption.stop();
  }
}

async function saveHere(
  { options }: ActionInputs,
  { env, log, workspace, mask, signal }: Step,
): Promise<SaveResult> {
  const installer = createInstaller(log, env);
  const cacheDir = options.cacheDir || (await storeFolderOf(workspace, env));
  try {
    return await save(
      { ...options, cacheDir },
      {
        env,
        emit: log.emit,
        signal,
        onSecret: mask,
        async setUpSkopeo(wanted, folder) {
          const skopeo = await setUpSkopeo({ wanted, env, folder, installer });
          log.emit({ type: 'log', level: 'info', message: `skopeo ${skopeo.version} (${skopeo.file})` });
          return skopeo;
        },
      },
    );
  } finally {
    log.stop();
  }
}

/** Tells what a run did, whether images failed in it or not. */
async function finish({ report, lock }: SaveResult, inputs: ActionInputs, step: Step): Promise<void> {
  const { log, workspace } = step;
  const told = reportInWorkflowWords(report);
  const { report: reportFile } = placesOf(inputs.options);
  for (const [name, value] of Object.entries(outputsOf(told, lock, reportFile))) setOutput(name, value);
  log.write(`\n${renderSummary(told, { color: false })}\n`);
  const fileOf = fileFinder(inputs, step);
  for (const annotation of warningAnnotations(told, log.warnings, fileOf))
    annotate(annotateWarning, annotation);
  await summarize(renderJobSummary(told, { reportFile, folder: workspace }), inputs, step);
  if (told.outcome !== 'failed') return;
  for (const annotation of failureAnnotations(told, fileOf)) annotate(annotateError, annotation);
  setFailed(verdictOf(told));
}

/** Tells of an error that ended the run before it had a result. */
async function fail(error: unknown, inputs: ActionInputs | undefined, step: Step): Promise<void> {
  const { log } = step;
  const details = error instanceof OciSaveError ? error.details : [];
  const fileOf = fileFinder(inputs, step);
  const annotations = detailAnnotations(details, fileOf);
  await summarize(renderErrorSummary(error), inputs, step);
  for (const annotation of messageAnnotations(log.warnings)) annotate(annotateWarning, annotation);
  // One fault without a line to stand beside is the verdict itself.
  if (annotations.length > 1 || annotations.some(({ file }) => file !== undefined)) {
    log.write(`${renderError(error, { color: false, verbose: isDebug() })}\n`);
    for (const annotation of annotations) annotate(annotateError, annotation);
    setFailed(`Nothing was saved: the image lists have ${formatCount(details.length, 'fault')}`);
    return;
  }
  // A fault of our own is of no use without its stack.
  if (!(error instanceof OciSaveError)) log.write(`${renderError(error, { color: false, verbose: true })}\n`);
  setFailed(errorWords(error));
}

function fileFinder(inputs: ActionInputs | undefined, { workspace }: Step): FileOf {
  const { imageList = [] } = inputs?.options ?? {};
  // References given inline have the input's name for a file.
  const inline = (file: string): boolean => file === 'images' && !imageList.includes(file);
  return (file) => (inline(file) ? undefined : fileInWorkspace(file, workspace, process.cwd()));
}

function annotate(
  tell: (message: string, properties: AnnotationProperties) => void,
  { message, title, file, line }: Annotation,
): void {
  tell(message, {
    ...(title === undefined ? {} : { title }),
    ...(file === undefined ? {} : { file }),
    ...(line === undefined ? {} : { startLine: line }),
  });
}

async function summarize(
  markdown: string,
  inputs: ActionInputs | undefined,
  { env, log }: Step,
): Promise<void> {
  if (inputs?.summary === false) return;
  const problem = await writeSummary(env['GITHUB_STEP_SUMMARY'], markdown);
  if (problem !== undefined) log.write(`The job summary could not be written (${problem}).\n`);
}
