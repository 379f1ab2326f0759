import { formatCount } from '../text/bytes.ts';
import type { ReportedOrigin, RunReport } from '../report/index.ts';
import { type Bound, code, prose, table, where } from './markdown.ts';

const MAX_ORIGINS = 3;

type Fault = NonNullable<RunReport['error']>;

/** What kept the result from being made although the images are whole. */
export function errorSection({ error }: RunReport): string[] {
  return error === undefined ? [] : [faultWords(error, error.message)];
}

/** Every image that failed: its name and lines, the cause, and the hint. */
export function failureSection({ failed }: RunReport, bound: Bound): string[] {
  if (failed.length === 0) return [];
  const lines = table(
    {
      titles: ['Image', 'Why it failed, and what helps'],
      rows: failed,
      cells: (failure) => [
        [code(failure.ref), ...originLines(failure.origins)].join('<br>'),
        faultWords(failure, withoutRef(failure.message, failure.ref)),
      ],
    },
    bound,
  );
  return [`### Failed: ${formatCount(failed.length, 'image')}`, '', ...lines];
}

function faultWords({ class: failureClass, hint }: Fault, message: string): string {
  const why = `**${failureClass}**: ${prose(message)}`;
  return hint === undefined || hint === '' ? why : `${why}<br>Hint: ${prose(hint)}`;
}

/** The column beside says which image it is. */
function withoutRef(message: string, ref: string): string {
  return message.startsWith(`${ref}: `) ? message.slice(ref.length + 2) : message;
}

function originLines(origins: readonly ReportedOrigin[]): string[] {
  const shown = origins.slice(0, MAX_ORIGINS).map(({ file, line }) => `in ${where(file, line)}`);
  const more = origins.length - shown.length;
  return more > 0 ? [...shown, `and ${more} more`] : shown;
}
