import { detailWords, type ErrorCode, type ErrorDetail, hintOf, OciSaveError } from '../../errors.ts';
import { causeChain, causeTexts, quotesInput } from '../../report/index.ts';
import { truncateEnd } from './columns.ts';
import { type Palette, type ScreenOptions, screenOf } from './paint.ts';
import { hint, option, type Spelling, spellHint } from '../../text/hint.ts';
import { plainLines, plainText } from '../../text/plain-text.ts';
import { wrapHanging } from './wrap.ts';

/** Characters of the causes that are shown; with `verbose` all are. */
const MAX_CAUSE = 400;

/** With more the first ones would scroll out of sight. */
const MAX_DETAILS = 50;

const OWN_FAULT = hint`This is a fault in oci-save. Run it again with ${option('verbose')} and report what it prints.`;

export interface ErrorTextOptions extends ScreenOptions {
  /** With the stacks of the error and of its causes. */
  readonly verbose: boolean;
}

/**
 * What the command line prints for the error that ended it: what happened, why, and what to do about it, each on its
 * own line, without a line end after the last.
 */
export function renderError(error: unknown, { verbose, ...options }: ErrorTextOptions): string {
  const { palette, room, spelling } = screenOf(options);
  const [message = '', ...causes] = causeTexts(error);
  const [first = 'failed without a word', ...lines] = plainLines(message);
  const details = error instanceof OciSaveError ? error.details : [];
  const others = details.length > 1 ? detailLines(details, spelling) : lines;
  const advice = error instanceof OciSaveError ? hintOf(error, spelling) : spellHint(OWN_FAULT, spelling);
  const why = causes.map(plainText).join(': ');
  const named = (name: string, text: string): string[] => {
    const [head = '', ...rest] = wrapHanging(`${name}: ${text}`, room - 2, 2);
    return [
      `  ${palette.faint(`${name}:`)}${head.slice(name.length + 1)}`,
      ...rest.map((line) => `  ${line}`),
    ];
  };
  return [
    `${headOf(error, palette)} ${first}`,
    ...others.map((line) => `  ${line}`),
    ...(why === '' ? [] : named('cause', verbose ? why : truncateEnd(why, MAX_CAUSE))),
    ...(advice === undefined ? [] : named('hint', plainText(advice))),
    ...(verbose ? causeChain(error).flatMap(stackLines).map(palette.faint) : []),
  ].join('\n');
}

/** Failures are printed with their class; wrong use, a wrong list and a missing program are not. */
const UNCLASSED: ReadonlySet<ErrorCode> = new Set(['usage', 'list', 'machine']);

/** The faults one by one: the message names them as the command line spells their hints. */
function detailLines(details: readonly ErrorDetail[], spelling: Spelling): string[] {
  const lines = details.slice(0, MAX_DETAILS).map((detail) => {
    const { file, line } = detail;
    const place = file === undefined ? '' : `${file}${line === undefined ? '' : `:${line}`}: `;
    return plainText(place + detailWords(detail, spelling));
  });
  const more = details.length - MAX_DETAILS;
  return more > 0 ? [...lines, `and ${more} more`] : lines;
}

function headOf(error: unknown, { warn, bad }: Palette): string {
  if (!(error instanceof OciSaveError) || UNCLASSED.has(error.code)) return bad('error:');
  return error.code === 'interrupted' ? warn('interrupted:') : bad(`error (${error.code}):`);
}

function stackLines(thrown: unknown, index: number): string[] {
  const [first = '', ...frames] = stackOf(thrown).slice(0, 40);
  return [
    `  ${index === 0 ? '' : 'caused by '}${plainText(first)}`,
    ...frames.map((line) => `    ${plainText(line)}`),
  ];
}

function stackOf(thrown: unknown): string[] {
  const stack = thrown instanceof Error ? (thrown.stack ?? String(thrown)) : String(thrown);
  const lines = stack.split('\n');
  return quotesInput(thrown) ? [thrown.name, ...lines.filter((line) => /^ {4}at /.test(line))] : lines;
}
