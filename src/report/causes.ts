import { messageOf, systemCodeOf } from '../errors.ts';

const MAX_CAUSES = 8;

/** Errors of the JSON and YAML parsers and of the validator: their messages quote the input, which may be a key. */
const PARSER_ERROR = /^(?:SyntaxError|\$?ZodError|YAML\w*Error)$/;

/** Whether an error's own message may quote the input: it is never shown. */
export function quotesInput(thrown: unknown): thrown is Error {
  return thrown instanceof Error && PARSER_ERROR.test(thrown.name);
}

/**
 * The messages of an error and of its causes, outermost first, each once: one that another contains says nothing new,
 * and a parser's is left out. Node's connection errors have their addresses in `errors`, and no message themselves.
 */
export function causeTexts(error: unknown): string[] {
  const texts: string[] = [];
  for (const thrown of causeChain(error)) {
    // A cause may also be data for other code; it has no message.
    if (!(thrown instanceof Error || typeof thrown === 'string') || quotesInput(thrown)) continue;
    const code = systemCodeOf(thrown) ?? '';
    const text = messageOf(thrown).trim() || code;
    const isSaid = (words: string): boolean => texts.some((earlier) => earlier.includes(words));
    if (text === '' || isSaid(text) || (code !== '' && isSaid(code))) continue;
    const shorter = texts.findIndex((earlier) => text.includes(earlier));
    texts.splice(shorter < 0 ? texts.length : shorter, shorter < 0 ? 0 : 1, text);
  }
  return texts;
}

/** The error and its causes, outermost first: at most eight, each once, even if they form a cycle. */
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
