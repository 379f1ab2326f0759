import { RE2JS, RE2JSException } from 're2js';
import type { OciSaveError } from '../../errors.ts';
import { quoteText } from '../../oci/reference-quote.ts';
import { looksLikeSecret } from '../../oci/secret-text.ts';
import { refusal } from '../problems.ts';

/** Longer ones are not written by hand, and take long to read. */
const MAX_PATTERN = 1000;

/** Instructions of one pattern. Each takes 100 bytes, and time for each character of a text. */
const MAX_PROGRAM = 10_000;
/** Of all patterns of a run: 100 MB. */
const MAX_PROGRAMS = 1_000_000;

/** What the patterns of a run may take together. */
export interface PatternBudget {
  left: number;
}

export function newPatternBudget(): PatternBudget {
  return { left: MAX_PROGRAMS };
}

/** A pattern or a range in a message. */
export function shownRule(text: string): string {
  return looksLikeSecret(text) ? `a text of ${text.length} characters` : quoteText(text);
}

/**
 * A regular expression in RE2's grammar (github.com/google/re2, Syntax), which the formats with rules for tags have: a
 * text is searched in linear time, whatever a stranger wrote.
 * @param budget what it takes is taken of it
 * @returns whether it matches somewhere in a text
 * @throws OciSaveError `list` for what is outside that grammar, and for more than the budget has
 */
export function compilePattern(source: string, budget: PatternBudget): (text: string) => boolean {
  if (source.length > MAX_PATTERN) {
    throw refusal(`its regular expression is longer than ${MAX_PATTERN} characters`);
  }
  // Then nothing more is compiled.
  if (budget.left <= 0)
    throw tooLarge('with it, the regular expressions of the lists are too large together');
  const pattern = read(source);
  const size = pattern.programSize();
  if (size > MAX_PROGRAM) throw tooLarge(`${shownRule(source)} repeats too much`);
  budget.left -= size;
  return (text) => pattern.matcher(text).find();
}

function read(source: string): RE2JS {
  try {
    return RE2JS.compile(source);
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    throw refusal(
      `${shownRule(source)} is not a regular expression of RE2`,
      'RE2 has neither lookarounds nor backreferences, and repeats at most 1,000 times.',
    );
  }
}

function tooLarge(reason: string): OciSaveError {
  return refusal(reason, 'Write shorter ones, with fewer repetitions.');
}
