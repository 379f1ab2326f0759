import { messageOf, systemCodeOf } from '../errors.ts';

const MAX_CAUSES = 8;

/** What parsers of JSON and YAML and the validator throw: their words quote what they read, and it may be a key. */
const PARSER_ERROR = /^(?:SyntaxError|\$?ZodError|YAML\w*Error)$/;

/** Whether an error's own words may quote what was read: they are never shown. */
export function quotesInput(thrown: unknown): thrown is Error {
  return thrown instanceof Error && PARSER_ERROR.test(thrown.name);
}

/**
 * The words of an error and of all that caused it, outermost first, each once: a text that another one holds
 * says nothing new, and a parser's are left out. Node's connection errors carry their addresses in `errors` and no message of their own.
 */
export function causeTexts(error: unknown): string[] {
  const texts: string[] = [];
  for (const thrown of causeChain(error)) {
    // A cause may also be data that some code looks at; it has no words.
    if (!(thrown instanceof Error || typeof thrown === 'string') || quotesInput(thrown)) continue;
    const code = systemCodeOf(thrown) ?? '';
    const text = messageOf(thrown).trim() || code;
    const isSaid = (words: string): boolean =>
      words !== '' && texts.some((earlier) => earlier.includes(words));
    if (text === '' || isSaid(text) || isSaid(code)) continue;
    const shorter = texts.findIndex((earlier) => text.includes(earlier));
    texts.splice(shorter < 0 ? texts.length : shorter, shorter < 0 ? 0 : 1, text);
  }
  return texts;
}

/** The error and its causes, outermost first: at most eight, each once, whatever cycles they form. */
export function causeChain(error: unknown): unknown[] {
  const seen = new Set<unknown>();
  const queue = [error];
  for (const thrown of queue) {
    if (seen.has(thrown) || seen.size === MAX_CAUSES) continue;
    seen.add(thrown);
    if (!(thrown instanceof Error)) continue;
    if (thrown instanceof AggregateError) queue.push(...errorsOf(thrown));
    if (thrown.cause !== undefined) queue.push(thrown.cause);
  }
  return [...seen];
}

function errorsOf({ errors }: AggregateError): unknown[] {
  return errors.slice(0, MAX_CAUSES);
}
