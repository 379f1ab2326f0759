import { OciSaveError } from '../../errors.ts';
import { hint, option } from '../../text/hint.ts';
import { refusal } from '../problems.ts';
import { MAX_LINE } from '../syntax/lines.ts';

/** The variables by which the entries of one file are filled. */
export interface Variables {
  /** Of the option `vars`. */
  readonly given: ReadonlyMap<string, string>;
  /** Of the file `.env` beside a Compose file; `given` comes first. */
  readonly besideFile?: ReadonlyMap<string, string> | undefined;
}

export interface FillOptions extends Variables {
  /** Compose's grammar: `$NAME` without braces is a variable, too, and `$$` a dollar. */
  readonly bare?: boolean | undefined;
  /** Whether a value may be any text, as a password, and not only a part of a word. */
  readonly anyValue?: boolean | undefined;
  /** Told of each variable of `given` whose value is used. */
  readonly onUsed: (name: string) => void;
}

export const NO_VARIABLES: Variables = { given: new Map() };

/** `-`, `:-`: the rest stands in; `?`, `:?`: the rest is a message. With a colon, an empty value counts as none. */
const OPERATOR = /^:?[-?]/;
/** A name; dots are common in templates of Java's tools. */
const NAME = /^[A-Za-z_][\w.]*/;

/** A default may have a variable in it, which may have a default. */
const MAX_DEPTH = 10;

/** Whether a text has something to fill. A text with `${{` has an expression of GitHub's, which is not ours to fill. */
export function hasVariable(text: string, bare = false): boolean {
  return (/\$\{(?!\{)/.test(text) || (bare && /\$[A-Za-z_$]/.test(text))) && !text.includes('${{');
}

/**
 * Fills `${NAME}`, `${NAME-default}`, `${NAME:-default}`, `${NAME?message}` and `${NAME:?message}`, as POSIX's shell
 * and Compose have them (docs.docker.com, Interpolation). What a variable has as its value is not filled again.
 * @throws OciSaveError `list` for a variable without a value, for a value with a blank or a control character, and for
 *   any other form
 */
export function fillVariables(text: string, options: FillOptions): string {
  if (text.length > MAX_LINE || !hasVariable(text, options.bare)) return text;
  const filled = fill(text, options, 0);
  if (filled.length > MAX_LINE) throw refusal(`with its variables it is longer than ${MAX_LINE} characters`);
  return filled;
}

function fill(text: string, options: FillOptions, depth: number): string {
  if (depth > MAX_DEPTH) throw refusal(`its variables are nested more than ${MAX_DEPTH} deep`);
  let filled = '';
  let at = 0;
  while (at < text.length) {
    const dollar = text.indexOf('$', at);
    if (dollar < 0) break;
    filled += text.slice(at, dollar);
    const next = text[dollar + 1];
    const [bareName] = options.bare === true ? (NAME.exec(text.slice(dollar + 1, dollar + 201)) ?? []) : [];
    if (next === '{') {
      const end = closingBrace(text, dollar + 2);
      filled += valueOf(text.slice(dollar + 2, end), options, depth);
      at = end + 1;
    } else if (bareName !== undefined) {
      // Without braces, a dot ends a name.
      const [name = ''] = /^\w+/.exec(bareName) ?? [];
      filled += checked(name, known(name, options) ?? unset(name), options);
      at = dollar + 1 + name.length;
    } else {
      filled += '$';
      at = dollar + (options.bare === true && next === '$' ? 2 : 1);
    }
    if (filled.length > MAX_LINE)
      throw refusal(`with its variables it is longer than ${MAX_LINE} characters`);
  }
  return filled + text.slice(at);
}

function closingBrace(text: string, from: number): number {
  let open = 1;
  for (let at = from; at < text.length; at += 1) {
    if (text.startsWith('${', at)) open += 1;
    else if (text[at] === '}') open -= 1;
    if (open === 0) return at;
  }
  throw refusal('a variable in this entry has no closing brace', 'Write ${NAME}.');
}

/** @param body what stands between the braces */
function valueOf(body: string, options: FillOptions, depth: number): string {
  const [name] = NAME.exec(body.slice(0, 200)) ?? [];
  const rest = body.slice(name?.length ?? 0);
  const [operator = ''] = OPERATOR.exec(rest) ?? [];
  if (name === undefined || (operator === '' && rest !== '')) {
    throw refusal(
      'this entry has a variable in a form that is not known',
      'Known are ${NAME}, ${NAME:-default} and ${NAME:?message}; write the value in place of any other.',
    );
  }
  const value = known(name, options);
  const counts = value !== undefined && !(operator.startsWith(':') && value === '');
  if (counts) return checked(name, value, options);
  if (operator.endsWith('-')) return fill(rest.slice(operator.length), options, depth + 1);
  return unset(name);
}

function known(name: string, { given, besideFile, onUsed }: FillOptions): string | undefined {
  const value = given.get(name);
  if (value !== undefined) onUsed(name);
  return value ?? besideFile?.get(name);
}

/** The message of `${NAME:?message}` is not shown: it is a stranger's, and says no more than ours. */
function unset(name: string): never {
  throw new OciSaveError({
    code: 'list',
    message: `the variable ${name.slice(0, 60)} has no value`,
    hint: hint`Give it with ${option('vars', `${name.slice(0, 60)}=VALUE`)}.`,
  });
}

/**
 * A value may end up in the middle of a line of the list: it is a part of one word, and nothing more. No dollar is in it, so
 * that whatever reads the entry later has nothing to fill.
 */
function checked(name: string, value: string, { anyValue }: FillOptions): string {
  if (anyValue === true || /^[\x21-\x23\x25-\x7E]*$/.test(value)) return value;
  throw refusal(
    `the value of the variable ${name.slice(0, 60)} has a blank, or a character that no reference has`,
  );
}
