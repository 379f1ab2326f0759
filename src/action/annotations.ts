import { detailWords, type ErrorDetail, hintOf, OciSaveError } from '../errors.ts';
import type { SaveEvent } from '../events.ts';
import {
  byCause,
  byPlace,
  type Cause,
  causeTexts,
  type FailureGroup,
  groupFailures,
  imagesVerdict,
  judge,
  missingNotes,
  placeWords,
  pushVerdict,
  type RunReport,
} from '../report/index.ts';
import { formatCount } from '../text/bytes.ts';
import { option } from '../text/hint.ts';
import { plainLines, plainText } from '../text/plain-text.ts';
import { asInput } from '../options/index.ts';

/** One message on the run's page, next to the line of a file if it has one. */
export interface Annotation {
  readonly message: string;
  readonly title?: string | undefined;
  /** Relative to the workspace. */
  readonly file?: string | undefined;
  readonly line?: number | undefined;
}

/** The file of an origin as an annotation names it; undefined where it is not a file of the workspace. */
export type FileOf = (file: string) => string | undefined;

/** GitHub shows ten errors and ten warnings of a step, and silently drops the others. */
const MAX_OF_A_KIND = 10;

const MORE_WARNINGS = 'warnings: the log has them';

/** Errors for what makes the lists unusable. One place is left for the verdict. */
export function detailAnnotations(details: readonly ErrorDetail[], fileOf: FileOf): Annotation[] {
  const all = details.map((detail) => at(detail, detailWords(detail, asInput), fileOf));
  return limited(all, MAX_OF_A_KIND - 1, 'entries: the log has them');
}

/** An error for each cause for which images failed. One place is left for the verdict. */
export function failureAnnotations(report: RunReport, fileOf: FileOf): Annotation[] {
  const all = failuresIn(report, fileOf);
  return limited(all, MAX_OF_A_KIND - 1, 'causes: the log has them');
}

/** A warning during a run, of an image or of something else. */
export type Happened = Pick<Extract<SaveEvent, { type: 'log' }>, 'message' | 'image' | 'origins'>;

/**
 * Warnings of a run: failed images with `on-error: warn`, images that lack a wanted platform, entries of the lists to
 * check, and warnings during the run. What is said of several images alike is one annotation.
 */
export function warningAnnotations(
  report: RunReport,
  happened: readonly Happened[],
  fileOf: FileOf,
): Annotation[] {
  const { outcome, images, warnings, candidates, rejects } = report;
  const [candidate] = candidates;
  const [reject] = rejects;
  const missing = images.flatMap(({ ref, origins, ...image }) =>
    missingNotes(image).map((message) => ({ ref, origins, message })),
  );
  // The log has said it of them already.
  const said = new Set(missing.map(({ ref, message }) => `${ref} ${message}`));
  return limited(
    [
      ...(outcome === 'warned' ? failuresIn(report, fileOf) : []),
      ...byCause(missing).map((cause) => causeAnnotation(cause, fileOf)),
      ...listWarnings(warnings, fileOf),
      ...(candidate === undefined
        ? []
        : [at(candidate.origin, notSaved(candidates.length, candidate.text), fileOf)]),
      ...(reject === undefined ? [] : [at(reject.origin, notRead(rejects.length, reject.text), fileOf)]),
      ...happenedOnes(
        happened.filter(({ image = '', message }) => !said.has(`${image} ${message}`)),
        fileOf,
      ),
    ],
    MAX_OF_A_KIND,
    MORE_WARNINGS,
  );
}

function listWarnings(warnings: RunReport['warnings'], fileOf: FileOf): Annotation[] {
  const ofEntries = warnings.flatMap(({ text: ref, message, origin }) =>
    ref === undefined ? [] : [{ ref, message, origins: origin === undefined ? [] : [origin] }],
  );
  return [
    ...byCause(ofEntries).map((cause) => causeAnnotation(cause, fileOf)),
    ...warnings
      .filter(({ text }) => text === undefined)
      .map(({ message, origin }) => at(origin, message, fileOf)),
  ];
}

function happenedOnes(happened: readonly Happened[], fileOf: FileOf): Annotation[] {
  const ofImages = happened.flatMap(({ image: ref, message, origins = [] }) =>
    ref === undefined ? [] : [{ ref, message, origins }],
  );
  return [
    ...byCause(ofImages.toSorted(byPlace)).map((cause) => causeAnnotation(cause, fileOf)),
    ...happened
      .filter(({ image }) => image === undefined)
      .map(({ message }) => ({ message: plainText(message) })),
  ];
}

function failuresIn({ failed, push = [] }: RunReport, fileOf: FileOf): Annotation[] {
  return [
    ...groupFailures(failed).map((group) => failureAnnotation(group, fileOf, 'saved')),
    ...push.flatMap((target) =>
      groupFailures(target.failed).map((group) => failureAnnotation(group, fileOf, 'pushed')),
    ),
  ];
}

/** Warnings of a run that had no result. */
export function happenedAnnotations(happened: readonly Happened[], fileOf: FileOf): Annotation[] {
  return limited(happenedOnes(happened, fileOf), MAX_OF_A_KIND, MORE_WARNINGS);
}

function notSaved(count: number, text: string): string {
  const one = text === '' ? 'an entry' : `'${text}'`;
  const subject =
    count === 1 ? `${one} is probably an image and was` : `${count} entries are probably images and were`;
  return `${subject} not saved: ${asInput(option('onCandidate', 'accept'))} takes such entries`;
}

function notRead(count: number, text: string): string {
  if (count === 1) return `${text === '' ? 'an entry' : `'${text}'`} was not understood`;
  return `${count} entries were not understood${text === '' ? '' : `, as '${text}'`}`;
}

/** Other images of a cause that an annotation names. */
const MAX_OTHERS = 20;

function failureAnnotation(group: FailureGroup, fileOf: FileOf, done: 'saved' | 'pushed'): Annotation {
  const { places, class: failureClass } = group;
  const what = places.length === 1 ? 'Image' : formatCount(places.length, 'image');
  return { ...causeAnnotation(group, fileOf), title: `${what} not ${done} (${failureClass})` };
}

/** Beside the first line that names an image of a cause; the others are named below it. */
function causeAnnotation(
  { places, message, hint }: Omit<Cause<unknown>, 'first'>,
  fileOf: FileOf,
): Annotation {
  const [first, ...others] = places;
  const more = others.length - MAX_OTHERS;
  const also = [...others.slice(0, MAX_OTHERS).map(placeWords), ...(more > 0 ? [`and ${more} more`] : [])];
  const lines = [
    `${placeWords(first)}: ${plainText(message)}`,
    ...(also.length === 0 ? [] : [`The same for ${formatCount(others.length, 'image')}:`, ...also]),
  ];
  return { ...placed(first.origins[0], fileOf), message: withHint(lines, hint) };
}

function placed(
  { file: named, line }: { readonly file?: string | undefined; readonly line?: number | undefined } = {},
  fileOf: FileOf,
): Pick<Annotation, 'file' | 'line'> {
  const file = named === undefined ? undefined : fileOf(named);
  return { file, line: file === undefined ? undefined : line };
}

function at(
  origin: { readonly file?: string | undefined; readonly line?: number | undefined } | undefined,
  message: string,
  fileOf: FileOf,
): Annotation {
  const { file: named, line } = origin ?? {};
  const place = named === undefined ? '' : `${plainText(named)}${line === undefined ? '' : `:${line}`}: `;
  return { ...placed(origin, fileOf), message: place + plainText(message) };
}

/** At most `max`; the last one may say how many more there are. */
function limited(all: readonly Annotation[], max: number, what: string): Annotation[] {
  if (all.length <= max) return [...all];
  const shown = all.slice(0, max - 1);
  return [...shown, { message: `and ${all.length - shown.length} more ${what}` }];
}

/** How a run ended, in one line: why its result could not be written, or how many images failed. */
export function verdictOf(report: RunReport): string {
  const verdict = judge(report);
  const { cause, fault, release } = verdict;
  if (fault !== undefined) return withHint([plainText(fault.message)], fault.hint);
  if (cause === 'push') return pushVerdict(verdict);
  if (cause !== 'release' || release === undefined) return imagesVerdict(verdict);
  const { tag, failure } = release;
  return withHint([`Release ${plainText(tag)} failed: ${plainText(failure.message)}`], failure.hint);
}

const OWN_FAULT = 'This is a fault in oci-save. Report it with what the log says.';

/** An error in the words that end a step: what happened, why, and what to do about it. */
export function errorWords(error: unknown): string {
  const [message = 'failed without a word', ...causes] = causeTexts(error);
  const hint = error instanceof OciSaveError ? hintOf(error, asInput) : OWN_FAULT;
  const why = causes.length === 0 ? [] : [`Cause: ${causes.map(plainText).join(': ')}`];
  return withHint([...plainLines(message), ...why], hint);
}

function withHint(lines: readonly string[], hint: string | undefined): string {
  return [...lines, ...(hint === undefined ? [] : [`Hint: ${plainText(hint)}`])].join('\n');
}
