import { OciSaveError } from '../errors.ts';
import { pemStart } from '../oci/secret-text.ts';
import { decodeList } from './syntax/decode.ts';
import { type ListDocument, readDocument } from './syntax/document.ts';
import { addReject, type Findings, noFindings, type ParseOptions } from './entry/findings.ts';
import type { ListFormat } from './formats/format.ts';
import { FORMATS } from './formats/formats.ts';
import { nearestFormats, unknownFormat } from './formats/lookup.ts';
import { firstMisfit } from './formats/plain.ts';
import type { ParsedList } from './request.ts';
import { refusal } from './entry/source.ts';

export interface ParseListOptions extends ParseOptions {
  /** `auto`, or the name of a format. */
  readonly format: string;
}

/** The name of a list whose format nobody knows. */
export const UNKNOWN = 'unknown';

/**
 * What a list says. Bad lines, and files that cannot be read as a list at all, are rejects with their line; the
 * format is `unknown` where none fits.
 * @throws OciSaveError `usage` for the name of a format that does not exist, and for nothing else.
 */
export function parseList(bytes: Uint8Array, file: string, options: ParseListOptions): ParsedList {
  const named = namedFormat(options.format);
  const text = decodedOrFault(bytes);
  if (typeof text !== 'string') return faulty(named?.name ?? UNKNOWN, file, 1, text);
  const document = readDocument(file, text, named?.reading ?? 'auto');
  const format =
    named ?? FORMATS.find(({ recognise }) => document.template === undefined && recognise(document));
  if (document.template !== undefined) {
    const fault = refusal('this is a template', 'Render it first, and give the result.');
    return faulty(format?.name ?? UNKNOWN, file, document.template, fault);
  }
  if (format === undefined) return faulty(UNKNOWN, file, ...lastResort(document));
  if (format.parse === undefined) return faulty(format.name, file, 1, notRead(format));
  const key = pemStart(text);
  if (key >= 0) return faulty(format.name, file, lineAt(text, key), HOLDS_KEY);
  return toParsedList(format.name, format.parse(document, options));
}

/** Lines of base64 look like anything: of such a file none is read as an entry, and none is shown. */
const HOLDS_KEY = refusal('this file holds a key or a certificate: it is no list');

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

/** Checks `list-format`. Undefined for `auto`; throws `usage` for a format that does not exist. */
export function namedFormat(name: string): ListFormat | undefined {
  const named = FORMATS.find((format) => format.name === name);
  if (named === undefined && name !== 'auto') throw unknownFormat(name);
  return named;
}

/** A format as a sentence names it: `a plain list`. */
export function titleOf(name: string): string {
  return FORMATS.find((format) => format.name === name)?.title ?? 'a list';
}

function decodedOrFault(bytes: Uint8Array): string | OciSaveError {
  try {
    return decodeList(bytes);
  } catch (error) {
    if (error instanceof OciSaveError) return error;
    throw error;
  }
}

function notRead({ title, refusal: reason, hint }: ListFormat): OciSaveError {
  return refusal(
    `this is ${title}; ${reason ?? 'this format is not read yet'}`,
    hint ?? 'Write its references into a plain list, one a line.',
  );
}

function lastResort(document: ListDocument): [line: number, fault: OciSaveError] {
  const [problem] = document.trees?.problems ?? [];
  const line = problem?.line ?? document.trees?.roots[0]?.line ?? firstMisfit(document);
  const reason = problem === undefined ? 'this line fits no format of lists' : problem.reason;
  const hint = `Nearest are ${nearestFormats(document).join(', ')}; the option list-format names one.`;
  return [line, refusal(reason, problem?.hint ?? hint)];
}

function faulty(format: string, file: string, line: number, fault: OciSaveError): ParsedList {
  const findings = noFindings();
  addReject(findings, { file, line }, '', fault);
  return toParsedList(format, findings);
}

function toParsedList(format: string, { ignored, ...findings }: Findings): ParsedList {
  return { format, ...findings, ignored: [...ignored] };
}
