import { OciSaveError } from '../errors.ts';
import { formatOrigin, type Reject } from './request.ts';

/** More would scroll the first ones away. */
const MAX_SHOWN = 50;

/** Something that keeps the lists from being used: a line, or a whole file. */
export interface Problem {
  /** `file:line`, or the file. */
  readonly where: string;
  readonly reason: string;
  readonly hint?: string | undefined;
}

export function toProblem({ text, origin, reason, hint }: Reject): Problem {
  const shown = text === '' || reason.includes(text) ? '' : `'${text}': `;
  return { where: formatOrigin(origin), reason: `${shown}${reason}`, hint };
}

/** One error that names every problem, each with its place and what to do. */
export function listError(problems: readonly Problem[]): OciSaveError {
  const [first] = problems;
  if (first !== undefined && problems.length === 1) {
    return new OciSaveError({
      code: 'list',
      message: `${visible(first.where)}: ${first.reason}`,
      hint: first.hint,
    });
  }
  const lines = problems.slice(0, MAX_SHOWN).map(({ where, reason, hint }) => {
    return `  ${visible(where)}: ${reason}${hint === undefined ? '' : ` (${hint})`}`;
  });
  const more = problems.length > MAX_SHOWN ? [`  and ${problems.length - MAX_SHOWN} more`] : [];
  return new OciSaveError({
    code: 'list',
    message: [`${problems.length} entries of the image lists cannot be used:`, ...lines, ...more].join('\n'),
    hint: 'Nothing was copied. Correct these lines, or take them out.',
  });
}

/** A file's name may hold anything but a slash; a message is one line. */
function visible(name: string): string {
  return name.replace(/\p{Cc}/gu, '?');
}
