import { OciSaveError } from '../../errors.ts';
import { isReference } from '../../oci/reference.ts';
import { quoteReference } from '../../oci/reference-quote.ts';
import type { Candidate, ImageRequest, Origin, Reject, Warning } from '../request.ts';
import { MAX_LINE } from '../syntax/lines.ts';
import { type EntryParts, toRequest } from './entry.ts';
import { readEntryLine } from './entry-line.ts';
import { refusal } from './source.ts';

/** Where a parser adds what it finds, in the order of the file. */
export interface Findings {
  readonly requests: ImageRequest[];
  readonly candidates: Candidate[];
  readonly rejects: Reject[];
  /** Each text once. */
  readonly ignored: string[];
  readonly warnings: Warning[];
}

export function noFindings(): Findings {
  return { requests: [], candidates: [], rejects: [], ignored: [], warnings: [] };
}

/** The options of a run that the parsers need. */
export interface ParseOptions {
  readonly defaultRegistry: string;
}

/** Adds a request for an entry, or a reject with the reason why it cannot be read. */
export function addEntry(
  findings: Findings,
  origin: Origin,
  readParts: () => EntryParts,
  text: string,
  { defaultRegistry }: ParseOptions,
): void {
  try {
    if (text.length > MAX_LINE) throw refusal(`this entry is longer than ${MAX_LINE} characters`);
    findings.requests.push(toRequest(readParts(), { origin, defaultRegistry }));
  } catch (error) {
    if (!(error instanceof OciSaveError)) throw error;
    addReject(findings, origin, text, error);
  }
}

/** Adds an entry that is one line of text, with its options and columns. */
export function addEntryLine(findings: Findings, origin: Origin, text: string, options: ParseOptions): void {
  const read = (): EntryParts => {
    const { parts, ignored, commaPair } = readEntryLine(text);
    findings.ignored.push(...ignored.filter((option) => !findings.ignored.includes(option)));
    if (commaPair && !findings.warnings.some(({ message }) => message === COMMA_PAIR)) {
      findings.warnings.push({ message: COMMA_PAIR, origin });
    }
    return parts;
  };
  addEntry(findings, origin, read, text, options);
}

const COMMA_PAIR = 'two references joined by a comma are read as source and stored name';

/** A file with as many mistakes is another kind of file; reading on would take minutes. */
const MAX_REJECTS = 10_000;

/** Whether to stop reading, which one more reject says: the file is refused anyway. */
export function stopsReading({ rejects }: Findings, origin: Origin): boolean {
  if (rejects.length < MAX_REJECTS) return false;
  rejects.push({
    text: '',
    origin,
    reason: 'too many mistakes before this line: it and the rest were not read',
  });
  return true;
}

export function addReject(findings: Findings, origin: Origin, text: string, error: OciSaveError): void {
  findings.rejects.push({ text: quotable(text), origin, reason: error.message, hint: error.hint });
}

/**
 * The part of a bad line that may be shown: lists end in pasted commands with passwords. Of several words only the
 * first, and only where it is a reference with a path.
 */
function quotable(text: string): string {
  if (text.length > MAX_LINE) return '';
  const [first = '', ...more] = text.split(/[ \t]+/);
  const shown = more.length === 0 || (first.includes('/') && isReference(first));
  return (shown && quoteReference(first)) || '';
}
