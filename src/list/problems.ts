import { detailWords, OciSaveError } from '../errors.ts';
import type { Reject } from './request.ts';
import { asFlag, type Hint, spellHint } from '../text/hint.ts';

/** With more the first ones would scroll out of sight. */
const MAX_SHOWN = 50;

/** The error of an entry, or of a whole list. `line` is where it is, for a reader that does not know. */
export function refusal(message: string, hint?: Hint, line?: number): OciSaveError {
  const details = line === undefined ? [] : [{ message, hint, line }];
  return new OciSaveError({ code: 'list', message, hint, details });
}

/** The advice of a reject: as a flag of the command line, and with its options as data. */
export function hintsOf(parts: Hint): Pick<Reject, 'hint' | 'hintParts'> {
  return { hint: spellHint(parts, asFlag), hintParts: parts };
}

/** A line or a whole file that keeps the lists from being used. */
export interface Problem {
  readonly file: string;
  /** From 1; undefined for the whole file. */
  readonly line?: number | undefined;
  readonly reason: string;
  readonly hint?: Hint | undefined;
}

/** A rejected entry as a problem, which says the text of the entry where the reason does not. */
export function toProblem({ text, origin, reason, hint, hintParts = hint }: Reject): Problem {
  const shown = text === '' || reason.includes(text) ? '' : `'${text}': `;
  return { ...origin, reason: `${shown}${reason}`, hint: hintParts };
}

/** One error that names every problem, each with its place and hint. */
export function listError(problems: readonly Problem[]): OciSaveError {
  const [first] = problems;
  const details = problems.map(({ file, line, reason, hint }) => ({ file, line, message: reason, hint }));
  if (first !== undefined && problems.length === 1) {
    return new OciSaveError({
      code: 'list',
      message: `${placeOf(first)}: ${first.reason}`,
      hint: first.hint,
      details,
    });
  }
  const words = details.map((detail) => detailWords(detail, asFlag));
  const lines = problems.slice(0, MAX_SHOWN).map((problem, at) => `  ${placeOf(problem)}: ${words[at]}`);
  const more = problems.length > MAX_SHOWN ? [`  and ${problems.length - MAX_SHOWN} more`] : [];
  return new OciSaveError({
    code: 'list',
    message: [`${problems.length} entries of the image lists cannot be used:`, ...lines, ...more].join('\n'),
    hint: 'Nothing was copied. Correct these lines, or take them out.',
    details,
  });
}

/** `file:line`, or the file. Its name may contain anything but a slash; a message is one line. */
function placeOf({ file, line }: Problem): string {
  const name = file.replace(/\p{Cc}/gu, '?');
  return line === undefined ? name : `${name}:${line}`;
}
