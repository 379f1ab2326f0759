import { formatCount } from '../../text/bytes.ts';
import type { Palette } from './paint.ts';
import { plainText } from '../../text/plain-text.ts';
import type { Failure, ReportedOrigin } from '../../report/failure.ts';
import type { RunReport } from '../../report/run-report.ts';
import { wrapWords } from './wrap.ts';

const INDENT = '    ';
const MAX_ORIGINS = 3;
const MAX_FAILURES = 200;

/** Every image that failed: its name, where it stands, the class and the cause, the hint. */
export function failureSection({ failed, images }: RunReport, palette: Palette, room: number): string[] {
  if (failed.length === 0) return [];
  const all = formatCount(failed.length + images.length, 'image');
  const more = failed.length - MAX_FAILURES;
  return [
    palette.bad(`Failed: ${failed.length} of ${all}`),
    ...failed.slice(0, MAX_FAILURES).flatMap((failure) => failureLines(failure, palette, room)),
    ...(more > 0 ? [`  and ${more} more, all in report.json`] : []),
  ];
}

/** One failure: its name and place, the class and the cause, the hint. */
export function failureLines(failure: Failure, palette: Palette, room: number): string[] {
  const where = formatOrigins(failure.origins);
  const indented = (text: string): string[] =>
    wrapWords(text, room - INDENT.length).map((line) => INDENT + line);
  const [first = '', ...rest] = indented(`${failure.class}: ${plainText(failure.message)}`);
  return [
    `  ${palette.strong(plainText(failure.ref))}${where === '' ? '' : `  ${palette.faint(where)}`}`,
    first.replace(failure.class, palette.bad(failure.class)),
    ...rest,
    ...(failure.hint === undefined ? [] : indented(`hint: ${plainText(failure.hint)}`)),
  ];
}

/** `images.txt:3, base.txt:9 and 4 more` */
function formatOrigins(origins: readonly ReportedOrigin[]): string {
  const shown = origins.slice(0, MAX_ORIGINS).map(({ file, line }) => `${plainText(file)}:${line}`);
  const more = origins.length - shown.length;
  return shown.join(', ') + (more > 0 ? ` and ${more} more` : '');
}
