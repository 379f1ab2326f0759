import { Composer, type Document, Lexer, LineCounter, Parser } from 'yaml';
import { MAX_DEPTH, MAX_DOCUMENTS, type TreeProblem } from './tree.ts';

/** A list of 16 MiB has a million; beyond two, memory is the attacker's. */
const MAX_TOKENS = 2_000_000;
/** Errors and directives; text that is no YAML has one a token. */
const MAX_NOISE = 20;

const REASONS: ReadonlyMap<string, string> = new Map([
  ['BAD_ALIAS', 'an alias refers to no anchor before it'],
  ['BAD_DQ_ESCAPE', 'a text in double quotes has an escape that YAML does not know'],
  ['BAD_INDENT', 'a line is indented too little, or too much'],
  ['BAD_SCALAR_START', 'a text begins with a character that needs quotes'],
  ['BLOCK_AS_IMPLICIT_KEY', 'a mapping stands inside a line'],
  ['KEY_OVER_1024_CHARS', 'a key is too long'],
  ['MISSING_CHAR', 'a quote, a bracket, a comma or a colon is missing'],
  ['MULTILINE_IMPLICIT_KEY', 'a key goes over several lines'],
  ['TAB_AS_INDENT', 'a tab indents a line'],
  ['UNEXPECTED_TOKEN', 'something stands where it cannot'],
]);

export interface ComposedYaml {
  /** The contents of each document, null for an empty one. */
  readonly documents: readonly unknown[];
  readonly lines: LineCounter;
  readonly problems: readonly TreeProblem[];
}

/** YAML's own nodes, by a loop of our own over its tokens, so that depth, number and errors are bounded. */
export function composeYaml(text: string): ComposedYaml {
  const lines = new LineCounter();
  const parser = new Parser(lines.addNewLine);
  const composer = new Composer({
    schema: 'failsafe',
    uniqueKeys: false,
    prettyErrors: false,
    strict: false,
  });
  const composed: Document.Parsed[] = [];
  let noise = 0;
  let tokens = 0;
  const stopped = (reason: string, bound = true): ComposedYaml => {
    const problem = { line: lines.linePos(parser.offset).line, reason, bound };
    return { documents: [], lines, problems: [...problemsOf(composed, lines), problem] };
  };
  lines.addNewLine(0);
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) {
      if (token.type === 'error' || token.type === 'directive') noise += 1;
      composed.push(...composer.next(token));
    }
    tokens += 1;
    if (parser.stack.length > MAX_DEPTH) return stopped(`it is nested deeper than ${MAX_DEPTH} levels`);
    if (noise > MAX_NOISE) return stopped('it is no YAML', false);
    if (tokens > MAX_TOKENS) return stopped(`it has more than ${MAX_TOKENS} YAML tokens`);
    if (composed.length > MAX_DOCUMENTS) return stopped(`it has more than ${MAX_DOCUMENTS} documents`);
  }
  for (const token of parser.end()) composed.push(...composer.next(token));
  composed.push(...composer.end());
  return {
    documents: composed.map(({ contents }) => contents),
    lines,
    problems: problemsOf(composed, lines),
  };
}

function problemsOf(documents: readonly Document.Parsed[], lines: LineCounter): TreeProblem[] {
  return documents.flatMap(({ errors }) =>
    errors.slice(0, MAX_NOISE).map(({ pos, code }) => ({
      line: lines.linePos(pos[0]).line,
      // In words of our own: the reader's quote the file.
      reason: `it is no valid YAML${REASONS.has(code) ? `: ${REASONS.get(code)}` : ''}`,
    })),
  );
}
