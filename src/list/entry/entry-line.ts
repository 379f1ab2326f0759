import type { OciSaveError } from '../../errors.ts';
import { isOperatingSystem, parsePlatformChoice, type PlatformChoice } from '../../oci/platform.ts';
import { isReference } from '../../oci/reference.ts';
import { explainReference, explainTemplate } from '../../oci/reference-hint.ts';
import type { EntryParts } from './entry.ts';
import { takeOptions } from './line-options.ts';
import { stripQuotes } from '../syntax/lines.ts';
import { refusal } from '../problems.ts';
import { isLocalSource } from './source.ts';

/** The parts of one line. */
export interface EntryLine {
  readonly parts: EntryParts;
  /** Whether it asks for every tag of its repository. */
  readonly allTags: boolean;
  /** Options that were ignored, as written. */
  readonly ignored: readonly string[];
  /** True for `source,name`, which may be meant as two references. */
  readonly commaPair: boolean;
}

/** How a line begins that is meant for `docker pull`, or that kubeadm printed. */
const HEAD =
  /^(?:--platform[= ]|(?:-q|--quiet|-a|--all-tags|--disable-content-trust)[= ]|(?:sudo\s+)?(?:docker|podman|nerdctl)\s+(?:image\s+)?pull\s|\[config\/images\] Pulled\s)/;

/** Whether a line of several words is an entry by its first ones. */
export function startsLikeEntry(text: string): boolean {
  return HEAD.test(text);
}

const PULL = /^(?:sudo\s+)?(?:docker|podman|nerdctl)\s+(?:image\s+)?pull(?:\s+|$)/;
/** What `kubeadm config images pull` prints. */
const PULLED = /^\[config\/images\] Pulled\s+/;

/**
 * Reads one line: a reference, with the options of `docker pull` before it, with a digest or a platform as further
 * columns, or with a stored name after `=>`, `->`, `=` or `,`. Several names, separated by commas, may follow an arrow. Comments,
 * bullets and quotes are stripped before.
 * @throws OciSaveError `list` with the reason; its message quotes at most a reference of the line
 */
export function readEntryLine(text: string): EntryLine {
  refuseTemplate(text);
  const { platforms, allTags, ignored, rest } = takeOptions(text.replace(PULLED, '').replace(PULL, ''));
  if (rest === '') throw refusal('this entry does not name an image');
  const pair = splitPair(rest);
  if (pair === undefined)
    return { parts: readColumns(rest, platforms, []), allTags, ignored, commaPair: false };
  const isArrow = pair.separator === '=>' || pair.separator === '->';
  const names = isArrow ? pair.name.split(',').map(stripQuotes) : [pair.name];
  const parts = readColumns(pair.source, platforms, names);
  if (names.some((name) => /[ \t]/.test(name))) {
    throw refusal(
      'the stored name contains a blank',
      'Write one pair per line: source => name, and commas between several names.',
    );
  }
  return { parts, allTags, ignored, commaPair: pair.separator === ',' };
}

/** Throws `list` for a text with a variable or a template. */
export function refuseTemplate(text: string): void {
  // Before the line is split: templates contain blanks.
  const why = text.includes('<no value>') ? explainReference(text, '') : explainTemplate(text);
  if (why !== undefined) throw refusal(why.reason, why.hint);
}

/** The source, and after it a digest that pins it and platforms, in any order (Rancher's digest lists). */
function readColumns(
  text: string,
  platformOption: PlatformChoice | undefined,
  storedAs: readonly string[],
): EntryParts {
  const [source = '', ...columns] = text.split(/[ \t]+/);
  if (columns.length === 0) return { source: stripQuotes(source), platforms: platformOption, storedAs };
  let pin: string | undefined;
  let platforms = platformOption;
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
  if (/^[IWEF]\d{4}$|^\[|^level=/.test(first)) {
    return refusal('this line looks like a message that a tool printed');
  }
  const oneEach = 'Write one reference per line.';
  if (columns.at(-1) === '\\') return refusal(`this line ends in '\\'`, oneEach);
  if (first === 'pull') {
    return refusal(`there is a stray 'pull' before the reference`, 'Write the reference alone.');
  }
  if (columns.some((word) => word.startsWith('-'))) {
    return refusal('options come before the reference, never after it');
  }
  const count = `this entry has ${columns.length + 1} words`;
  if (columns.length > 1) return refusal(count, oneEach);
  return refusal(
    `${count}, and the second is neither a digest nor a platform`,
    isReference(columns[0] ?? '')
      ? 'Write one reference per line; source => name stores an image under another name.'
      : oneEach,
  );
}

interface Pair {
  readonly source: string;
  readonly name: string;
  readonly separator: '=>' | '->' | '=' | ',';
}

/**
 * Splits `source => name`. `->`, `=` (mapping files of oc) and `,` mean the same, the last two only where the left
 * side can only be a reference: `TOKEN=abc` and `user,password` are not images.
 * @throws OciSaveError `list` for more than one separator, and for `=` and `,` after a bare word
 */
function splitPair(text: string): Pair | undefined {
  const arrow = text.includes('=>') ? '=>' : text.includes('->') ? '->' : undefined;
  if (arrow !== undefined) {
    const [source = '', name = '', ...more] = text.split(arrow).map(stripQuotes);
    if (more.length > 0)
      throw refusal(`this entry contains more than one '${arrow}'`, 'Write one pair per line.');
    if (source === '') throw refusal(`there is nothing before '${arrow}'`);
    if (name === '') throw refusal(`there is nothing after '${arrow}'`);
    return { source, name, separator: arrow };
  }
  // Most lines have neither: lists have hundreds of thousands.
  if ((!text.includes('=') && !text.includes(',')) || isLocalSource(text)) return undefined;
  const match = /^([^ \t=,]+)[ \t]*([=,])[ \t]*([^ \t]*)$/.exec(text);
  const [, source = '', separator, name = ''] = match ?? [];
  if (separator !== '=' && separator !== ',') return undefined;
  if (name === '') throw refusal(`this entry ends in '${separator}'`);
  const hint = 'Write one reference per line, or source => name.';
  if (!/[/:@]/.test(source)) {
    throw refusal(`there is no reference before '${separator}'`, hint);
  }
  if (/[=,]/.test(name)) throw refusal(`this entry contains more than one '=' or ','`, hint);
  return { source, name: stripQuotes(name), separator };
}
