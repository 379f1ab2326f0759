import { OciSaveError } from '../errors.ts';
import { beginsAsLock } from '../lock/index.ts';
import { pemStart } from '../oci/secret-text.ts';
import { type Collector, newCollector, type ParseOptions } from './entry/findings.ts';
import type { ListFormat } from './formats/format.ts';
import { FORMATS, namedFormat, TEMPLATE } from './formats/formats.ts';
import { nearestFormats } from './formats/nearest-formats.ts';
import { parseLockList } from './formats/own/lock.ts';
import { shownKey } from './formats/own/own-keys.ts';
import { firstMisfit } from './formats/own/plain.ts';
import { refusal } from './problems.ts';
import type { NamedList, ParsedList } from './request.ts';
import { hint, option } from '../text/hint.ts';
import { decodeList } from './syntax/decode.ts';
import { type ListDocument, readDocument } from './syntax/document.ts';
import { contentLines, stripQuotes } from './syntax/lines.ts';
import type { ParsedTrees } from './syntax/tree.ts';

export interface ParseListOptions extends ParseOptions {
  /** `auto`, or the name of a format. */
  readonly format: string;
}

/**
 * Reads a list. Bad lines, and files that cannot be read as a list, are rejects with their line; the format is `unknown`
 * where no format fits.
 * @throws OciSaveError only `usage`, for an unknown name of a format
 */
export function parseList(bytes: Uint8Array, file: string, options: ParseListOptions): ParsedList {
  const named = namedFormat(options.format);
  const collector = newCollector(file, options);
  const list = (format: ListFormat | undefined): ParsedList => ({
    format: format?.name ?? 'unknown',
    ...collector.found,
  });
  const refused = (format: ListFormat | undefined, line: number, fault: OciSaveError): ParsedList => {
    collector.addReject(line, fault);
    return list(format);
  };
  const text = decodedOrFault(bytes);
  if (typeof text !== 'string') return refused(named, 1, text);
  const own = FORMATS.find(({ name }) => name === 'lock');
  if ((named ?? own) === own && beginsAsLock(text)) {
    // Far larger than other lists: a tree with lines would take many times its bytes.
    parseLockList({ text, trees: undefined }, collector);
    return list(own);
  }
  const document = readDocument(file, text, named?.reading ?? 'auto');
  const { template } = document;
  if (template !== undefined) {
    if (named === undefined && isTemplateFile(file)) {
      collector.addWarning(template, 'this is a template, and was skipped: render it first');
      return { format: TEMPLATE, ...collector.found };
    }
    return refused(named, template, refusal('this is a template', 'Render it first, and give the result.'));
  }
  const format = named ?? FORMATS.find(({ recognise }) => recognise(document));
  if (format === undefined) return refused(format, ...whyUnknown(document));
  if (format.parse === undefined) return refused(format, 1, whyUnsupported(format));
  const key = format.mayHaveKeys === true ? -1 : pemStart(text);
  if (format.bareVariables === true) collector.takeBareVariables();
  if (key >= 0) return refused(format, text.slice(0, key).split('\n').length, HAS_KEY);
  if (format.reading !== 'text' && document.trees !== undefined && !checkTrees(document.trees, collector))
    return list(format);
  try {
    format.parse(document, collector);
  } catch (error) {
    // A fault of the whole list, such as a mapping where its own setting is a text.
    if (!(error instanceof OciSaveError)) throw error;
    collector.addReject(error.details[0]?.line ?? 1, error);
  }
  return list(format);
}

/** A file that its own name calls a template: a pattern for all manifests of a folder also matches those. */
function isTemplateFile(file: string): boolean {
  return /\.(?:tmpl|tpl|gotmpl|j2|jinja2?)$/i.test(file);
}

/** Reports what is wrong with YAML or JSON, and keys that occur twice; false where its content is unreliable. */
function checkTrees({ repeated, problems }: ParsedTrees, collector: Collector): boolean {
  for (const { key, line } of repeated) {
    collector.addWarning(line, `the key ${shownKey(key)} occurs twice; its values are joined`);
  }
  for (const { line, reason, hint: advice } of problems) collector.addReject(line, refusal(reason, advice));
  return problems.length === 0;
}

/** Lines of base64 may look like entries: no line of such a file is read as one or shown. */
const HAS_KEY = refusal('this file contains a key or a certificate: it is not a list');

function decodedOrFault(bytes: Uint8Array): string | OciSaveError {
  try {
    return decodeList(bytes);
  } catch (error) {
    if (error instanceof OciSaveError) return error;
    throw error;
  }
}

function whyUnsupported({ title, refusal: reason, hint: advice }: ListFormat): OciSaveError {
  return refusal(
    `this is ${title}; ${reason ?? 'this format is not supported yet'}`,
    advice ?? 'Write its references into a plain list, one per line.',
  );
}

function whyUnknown(document: ListDocument): [line: number, fault: OciSaveError] {
  const [problem] = document.trees?.problems ?? [];
  const line = problem?.line ?? document.trees?.roots[0]?.line ?? firstMisfit(document);
  const nearest = hint`The nearest are ${nearestFormats(document).join(', ')}; ${option('listFormat')} names one.`;
  return [
    line,
    refusal(problem?.reason ?? 'this line does not fit any list format', problem?.hint ?? nearest),
  ];
}

/** References given inline, each an entry of `file`; its position, from 1, is used as its line. */
export function parseInline(images: readonly string[], options: ParseOptions, file = 'images'): NamedList {
  const collector = newCollector(file, options);
  for (const [at, image] of images.entries()) {
    // A workflow's block of text that was split has empty entries and comments.
    if (contentLines(image).length === 0) continue;
    collector.addLine(at + 1, stripQuotes(image));
  }
  return { file, format: 'plain', ...collector.found };
}
