import {
  type AnnotationProperties,
  error as annotateError,
  isDebug,
  setFailed,
  setOutput,
  warning as annotateWarning,
} from '@actions/core';
import { appendFile } from 'node:fs/promises';
import { OciSaveError, systemCodeOf } from '../errors.ts';
import { type ActionInputs, asInput } from '../options/index.ts';
import { type RunReport, spellReport } from '../report/index.ts';
import { formatCount } from '../text/bytes.ts';
import { renderError, renderErrorSummary, renderJobSummary, renderSummary } from '../view/index.ts';
import { placesOf, type SaveResult } from '../commands/index.ts';
import {
  type Annotation,
  detailAnnotations,
  errorWords,
  failureAnnotations,
  type FileOf,
  happenedAnnotations,
  verdictOf,
  warningAnnotations,
} from './annotations.ts';
import { omittedPaths, type Outputs, outputsOf, outputsOfError } from './outputs.ts';
import { fileInWorkspace } from './places.ts';
import type { Step } from './log.ts';

/** Reports what a run did, with or without failed images. */
export async function finish({ report, lock }: SaveResult, inputs: ActionInputs, step: Step): Promise<void> {
  const { log, workspace } = step;
  const spelled = spellReport(report, asInput);
  const { report: reportFile } = placesOf(inputs.options, step.env);
  const outputs = outputsOf(spelled, lock, reportFile);
  const omitted = omittedPaths(spelled, outputs);
  if (omitted !== undefined) log.emit({ type: 'log', level: 'warning', message: omitted });
  publishOutputs(outputs, step);
  log.write(`\n${renderSummary(spelled, { color: false, spelling: asInput })}\n`);
  const fileOf = fileFinder(inputs, step);
  for (const annotation of warningAnnotations(spelled, log.warnings, fileOf))
    annotate(annotateWarning, annotation);
  await summarize(
    renderJobSummary(spelled, { reportFile, folder: workspace, spelling: asInput }),
    inputs,
    step,
  );
  if (spelled.outcome !== 'failed') return;
  for (const annotation of failureAnnotations(spelled, fileOf)) annotate(annotateError, annotation);
  setFailed(verdictOf(spelled));
}

/** Annotates the warnings of what a result does not wait for, as the saving of the cache. `shown` are those before it. */
export function warnOfRest(shown: number, inputs: ActionInputs, step: Step): void {
  for (const annotation of happenedAnnotations(step.log.warnings.slice(shown), fileFinder(inputs, step)))
    annotate(annotateWarning, annotation);
}

/** That the outputs cannot be set: it is not tried again to say so in them. */
class OutputsError extends OciSaveError {}

/** Later steps rely on outputs: if they cannot be set, the step fails. */
function publishOutputs(outputs: Outputs, { masks, log }: Step): void {
  const hidden = Object.entries(outputs).flatMap(([name, value]) => (masks.hides(value) ? [name] : []));
  if (hidden.length > 0) {
    const message = `a password or token is part of the text of ${hidden.join(', ')}: the runner passes such outputs to no other job`;
    log.emit({ type: 'log', level: 'warning', message });
  }
  try {
    setOutputs(outputs);
  } catch (cause) {
    throw new OutputsError({
      code: 'local',
      message: 'the outputs cannot be passed to the runner',
      hint: 'In a container job, run as the user who owns the runner’s files.',
      cause,
    });
  }
}

function setOutputs(outputs: Outputs): void {
  for (const [name, value] of Object.entries(outputs)) setOutput(name, value);
}

/** The outputs of a step that ends at once: nobody waits for anything any more, and what goes wrong cannot be told. */
export function forceOutputs(error: unknown): void {
  try {
    setOutputs(outputsOfError(error));
  } catch {
    // The process ends.
  }
}

/** The step has failed for another reason, which is the one to tell. */
function publishOutputsOfError(
  error: unknown,
  report: RunReport | undefined,
  inputs: ActionInputs | undefined,
  step: Step,
): void {
  if (error instanceof OutputsError) return;
  const seen =
    report === undefined || inputs === undefined
      ? undefined
      : { report, file: placesOf(inputs.options, step.env).report };
  try {
    publishOutputs(outputsOfError(error, seen), step);
  } catch (failure) {
    step.log.write(`${renderError(failure, { color: false, verbose: false, spelling: asInput })}\n`);
  }
}

/**
 * Reports an error that ended the run before it had a result.
 *
 * @param report the one that was written nevertheless
 */
export async function fail(
  error: unknown,
  report: RunReport | undefined,
  inputs: ActionInputs | undefined,
  step: Step,
): Promise<void> {
  const { log } = step;
  publishOutputsOfError(error, report, inputs, step);
  const details = error instanceof OciSaveError ? error.details : [];
  const fileOf = fileFinder(inputs, step);
  const annotations = detailAnnotations(details, fileOf);
  await summarize(renderErrorSummary(error, asInput), inputs, step);
  for (const annotation of happenedAnnotations(log.warnings, fileOf)) annotate(annotateWarning, annotation);
  // A single fault without a line is the verdict itself.
  if (annotations.length > 1 || annotations.some(({ file }) => file !== undefined)) {
    log.write(`${renderError(error, { color: false, verbose: isDebug(), spelling: asInput })}\n`);
    for (const annotation of annotations) annotate(annotateError, annotation);
    setFailed(`Nothing was saved: the image lists have ${formatCount(details.length, 'fault')}`);
    return;
  }
  // A fault of ours cannot be found without its stack.
  if (!(error instanceof OciSaveError)) {
    log.write(`${renderError(error, { color: false, verbose: true, spelling: asInput })}\n`);
  }
  setFailed(errorWords(error));
}

function fileFinder(inputs: ActionInputs | undefined, { workspace }: Step): FileOf {
  const { imageList = [] } = inputs?.options ?? {};
  // Lists that were given inline, or by a stream, have a word instead of a file.
  const isWord = (file: string): boolean => /^(images|stdin)$/.test(file) && !imageList.includes(file);
  return (file) => (isWord(file) ? undefined : fileInWorkspace(file, workspace, process.cwd()));
}

function annotate(
  write: (message: string, properties: AnnotationProperties) => void,
  { message, title, file, line }: Annotation,
): void {
  write(message, {
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

/**
 * Adds Markdown to the step's summary. Returns why it could not be written: a summary is a convenience, and some
 * runners have none. @actions/core would throw.
 */
async function writeSummary(file: string | undefined, markdown: string): Promise<string | undefined> {
  if (file === undefined || file === '') return undefined;
  try {
    await appendFile(file, markdown);
    return undefined;
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === undefined) throw error;
    return code;
  }
}
