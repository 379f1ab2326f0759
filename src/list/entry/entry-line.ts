import { OciSaveError } from '../../errors.ts';
import { isOperatingSystem, parsePlatformChoice, type PlatformChoice } from '../../oci/platform.ts';
import { parseReference } from '../../oci/reference.ts';
import { explainReference } from '../../oci/reference-hint.ts';
import type { EntryParts } from './entry.ts';
import { takeOptions } from './line-options.ts';
import { stripQuotes } from '../syntax/lines.ts';
import { splitPair } from './pair.ts';
import { refusal } from './source.ts';

/** What one line says. */
export interface EntryLine {
  readonly parts: EntryParts;
  /** Options that were passed over, as written. */
  readonly ignored: readonly string[];
  /** True for `source,name`, which could be meant as two references. */
  readonly commaPair: boolean;
}

const PULL = /^(?:sudo\s+)?(?:docker|podman|nerdctl)\s+(?:image\s+)?pull(?:\s+|$)/;
/** What `kubeadm config images pull` prints. */
const PULLED = /^\[config\/images\] Pulled\s+/;

/**
 * Reads one line: a reference, with the options of `docker pull` before it, with a digest or a platform as further
 * columns, or with a stored name behind `=>`, `->`, `=` or `,`. Comments, bullets and quotes are gone already.
 * @throws OciSaveError `list` with the reason; the text holds no blank-separated word of the line but a reference.
 */
export function readEntryLine(text: string): EntryLine {
  refuseTemplate(text);
  const { platforms, ignored, rest } = takeOptions(text.replace(PULLED, '').replace(PULL, ''));
  if (rest === '') throw refusal('this entry names no image');
  const pair = splitPair(rest);
  if (pair === undefined) return { parts: readColumns(rest, platforms, []), ignored, commaPair: false };
  const parts = readColumns(pair.source, platforms, [pair.name]);
  if (/[ \t]/.test(pair.name)) {
    throw refusal(`a name to store it under holds no blank`, 'Write one pair a line: source => name.');
  }
  return { parts, ignored, commaPair: pair.separator === ',' };
}

function refuseTemplate(text: string): void {
  // Before the line is split: templates hold blanks.
  if (!/\{\{|\{%|<%|\$\{|^###\w+###|<no value>/.test(text)) return;
  const { reason, hint } = text.includes('<no value>')
    ? explainReference(text, '')
    : { reason: 'this entry holds a variable or a template that nobody filled', hint: 'Write the value.' };
  throw refusal(reason, hint);
}

/** The source, and behind it a digest that pins it and platforms, in any order (Rancher's digest lists). */
function readColumns(
  text: string,
  optioned: PlatformChoice | undefined,
  storedAs: readonly string[],
): EntryParts {
  const [source = '', ...columns] = text.split(/[ \t]+/);
  if (columns.length === 0) return { source: stripQuotes(source), platforms: optioned, storedAs };
  let pin: string | undefined;
  let platforms = optioned;
  for (const column of columns) {
    if (/^sha\d+:/.test(column) && pin === undefined) pin = column;
    else if (isPlatformColumn(column) && platforms === undefined) platforms = parsePlatformChoice(column);
    else throw surplusWords(source, columns);
  }
  return { source, pin, platforms, storedAs };
}

function isPlatformColumn(word: string): boolean {
  const [system = '', architecture] = (word.split(',')[0] ?? '').split('/');
  return architecture !== undefined && isOperatingSystem(system);
}

function surplusWords(first: string, columns: readonly string[]): OciSaveError {
  if (/^[IWEF]\d{4}$|^\[|^level=/.test(first))
    return refusal('this line looks like a message that a tool printed');
  if (columns.at(-1) === '\\') return refusal(`this line ends in '\\'`, 'Write one reference a line.');
  if (first === 'pull')
    return refusal(`a stray 'pull' stands before the reference`, 'Write the reference alone.');
  if (columns.some((word) => word.startsWith('-'))) {
    return refusal('options stand before the reference, never behind it');
  }
  const count = `this entry holds ${columns.length + 1} words`;
  if (columns.length > 1) return refusal(count, 'Write one reference a line.');
  if (isReference(columns[0] ?? '')) {
    return refusal(
      `${count}, and the second is neither a digest nor a platform`,
      'Write one reference a line; source => name stores an image under another name.',
    );
  }
  return refusal(
    `${count}, and the second is neither a digest nor a platform`,
    'Write one reference a line.',
  );
}

function isReference(word: string): boolean {
  try {
    return parseReference(word) !== undefined;
  } catch (error) {
    if (error instanceof OciSaveError) return false;
    throw error;
  }
}
