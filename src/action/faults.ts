import { detailWords, OciSaveError } from '../errors.ts';
import { asInput } from '../options/index.ts';
import { causeKey, faultOf, type RunReport } from '../report/index.ts';
import { plainText, printableJson } from '../text/plain-text.ts';

/**
 * A later step gets an output as one variable of its environment, which may have 128 KiB (MAX_ARG_STRLEN of Linux), and all
 * outputs of a job may have 1 MB together. The report contains everything.
 */
export const MAX_LIST_BYTES = 64_000;
const MAX_MESSAGE_CHARACTERS = 300;

/** The brackets of a list, and its last entry where some are left out. */
const LEFT_OUT_BYTES = 200;

/** One of what failed. */
export interface Fault {
  /** Empty for what is no image. */
  readonly ref: string;
  readonly class: string;
  readonly message: string;
}

/** Of a run that has a report: images, push targets, and why its result or its release is missing. */
export function faultsOf({ failed, push = [], error, release }: RunReport): Fault[] {
  const images = [...failed, ...push.flatMap((target) => target.failed)];
  const others = [
    ...(error === undefined ? [] : [error]),
    ...(release?.failure === undefined ? [] : [release.failure]),
  ];
  return [...images, ...others.map((fault) => ({ ref: '', ...fault }))].map(shortened);
}

/** Of an error that ended a run: the faults of its lists one by one, each with its line. */
export function faultsOfError(error: unknown): Fault[] {
  const known = error instanceof OciSaveError;
  const { message, class: failureClass } = faultOf(error);
  const of = { ref: '', class: known ? error.code : failureClass };
  const details = known ? error.details : [];
  if (details.length === 0) return [shortened({ ...of, message })];
  return details.map((detail) => {
    const { file, line } = detail;
    const place = file === undefined ? '' : `${file}${line === undefined ? '' : `:${line}`}: `;
    return shortened({ ...of, message: plainText(place + detailWords(detail, asInput)) });
  });
}

const shortened = ({ ref, class: failureClass, message }: Fault): Fault => ({
  ref,
  class: failureClass,
  message: message.slice(0, MAX_MESSAGE_CHARACTERS),
});

/**
 * All that failed, where there is room for it. Else one cause after the other, its message once, and of every cause something
 * as long as there is room; the last one says how many are left out.
 */
export function failedList(faults: readonly Fault[]): string {
  const all = printableJson(faults, 0);
  if (bytesOf(all) <= MAX_LIST_BYTES) return all;
  const causes = [...Map.groupBy(faults, causeKey).values()];
  const kept = new Set<Fault>();
  let room = MAX_LIST_BYTES - LEFT_OUT_BYTES;
  const fits = (shown: object): boolean => {
    const left = room - bytesOf(printableJson(shown, 0)) - 1;
    if (left < 0) return false;
    room = left;
    return true;
  };
  for (const [first] of causes) if (first !== undefined && fits(first)) kept.add(first);
  for (const [first, ...others] of causes) {
    if (first === undefined || !kept.has(first)) continue;
    for (const fault of others) if (fits(withoutMessage(fault))) kept.add(fault);
  }
  const shown = causes.flatMap((cause) =>
    cause.filter((fault) => kept.has(fault)).map((fault, at) => (at === 0 ? fault : withoutMessage(fault))),
  );
  const rest = faults.filter((fault) => !kept.has(fault));
  const more = rest.slice(0, 1).map((fault) => ({
    ref: '',
    class: fault.class,
    message: `and ${rest.length} more`,
  }));
  return printableJson([...shown, ...more], 0);
}

const withoutMessage = ({ ref, class: failureClass }: Fault): Omit<Fault, 'message'> => ({
  ref,
  class: failureClass,
});

const bytesOf = (text: string): number => Buffer.byteLength(text);
