import { RE2JS, RE2JSException } from 're2js';
import { quoteText } from '../../oci/reference-quote.ts';
import { looksLikeSecret } from '../../oci/secret-text.ts';
import { refusal } from '../problems.ts';

/** Longer ones are not written by hand, and take long to read. */
const MAX_PATTERN = 1000;

/** A pattern or a range in a message. */
export function shownRule(text: string): string {
  return looksLikeSecret(text) ? `a text of ${text.length} characters` : quoteText(text);
}

/**
 * A regular expression in RE2's grammar (github.com/google/re2, Syntax), which the formats with rules for tags have: a
 * text is searched in linear time, whatever a stranger wrote.
 * @returns whether it matches somewhere in a text
 * @throws OciSaveError `list` for what is outside that grammar
 */
export function compilePattern(source: string): (text: string) => boolean {
  if (source.length > MAX_PATTERN) {
    throw refusal(`its regular expression is longer than ${MAX_PATTERN} characters`);
  }
  try {
    const pattern = RE2JS.compile(source);
    return (text) => pattern.matcher(text).find();
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    throw refusal(
      `${shownRule(source)} is not a regular expression of RE2`,
      'RE2 has neither lookarounds nor backreferences, and repeats at most 1,000 times.',
    );
  }
}
