import { z } from 'zod';
import { showText } from '../oci/reference-quote.ts';

/** What `--help` and the documents say about an option, except for its name. */
export interface OptionMeta {
  readonly kind: 'list' | 'text' | 'choice' | 'boolean' | 'number' | 'size';
  readonly description: string;
  /** The default as people read it. */
  readonly default: string;
  /** The default as it can be written; empty where there is none, or where people read another text. */
  readonly writtenDefault: string;
  readonly choices?: readonly string[] | undefined;
  readonly short?: string | undefined;
  readonly placeholder?: string | undefined;
  /** True for the one option whose values are the command line's arguments. */
  readonly argument?: boolean | undefined;
  /** True where the value is never shown; on the command line, it is in a file. */
  readonly secret?: boolean | undefined;
  /** Words that differ for the action's input. */
  readonly asInput?:
    | { readonly description?: string; readonly default?: string; readonly writtenDefault?: string }
    | undefined;
}

interface Wording extends Omit<OptionMeta, 'kind' | 'default' | 'writtenDefault' | 'choices'> {
  readonly defaultText?: string;
}

function metaOf(
  kind: OptionMeta['kind'],
  wording: Wording,
  fallback: string,
  choices?: readonly string[],
): OptionMeta {
  const { defaultText, ...rest } = wording;
  return {
    kind,
    ...rest,
    default: defaultText ?? fallback,
    writtenDefault: defaultText === undefined ? fallback : '',
    ...(choices === undefined ? {} : { choices }),
  };
}

/** Lines or comma-separated words, `#` comments; an array of such texts from a repeated flag or the API. */
export function listOption(wording: Wording) {
  return z
    .union([z.string(), z.array(z.string())], { error: 'must be a list of texts' })
    .default([])
    .transform((given) => (typeof given === 'string' ? [given] : given).flatMap(splitList))
    .meta({ option: metaOf('list', wording, '') });
}

/**
 * References, listed in the same way. Behind an arrow a comma is refused: in a list it begins a further name of that image,
 * and between references another image.
 */
export function referencesOption(wording: Wording) {
  return z
    .union([z.string(), z.array(z.string())], { error: 'must be a list of texts' })
    .default([])
    .transform((given, context) => {
      const lines = (typeof given === 'string' ? [given] : given).flatMap(linesOf).map(entriesOf);
      const [unclear] = lines.flatMap((entries) => {
        const first = entries.findIndex((entry) => ARROW.test(entry));
        return first < 0 ? [] : entries.slice(first).filter((entry) => !ARROW.test(entry));
      });
      if (unclear !== undefined) {
        const message = `${showText(unclear)}: behind an arrow a comma may begin a further name or another image: write one image a line, and one with several names into a list`;
        context.addIssue({ code: 'custom', message });
      }
      return lines.flat();
    })
    .meta({ option: metaOf('list', wording, '') });
}

const ARROW = /[=-]>/;

function splitList(text: string): string[] {
  return linesOf(text).flatMap(entriesOf);
}

function linesOf(text: string): string[] {
  return text.split(/\r\n|[\r\n]/).filter((line) => !/^\s*#/.test(line));
}

function entriesOf(line: string): string[] {
  // An entry that begins with an option keeps its commas: `--platform=linux/amd64,linux/arm64 name`.
  const entries = line.trimStart().startsWith('-') ? [line] : line.replace(/\s#.*/s, '').split(',');
  return entries.map((entry) => entry.trim()).filter((entry) => entry !== '');
}

export function textOption(fallback: string, wording: Wording) {
  return z
    .string({ error: 'must be a text' })
    .default(fallback)
    .transform((text) => text.trim() || fallback)
    .meta({ option: metaOf('text', wording, fallback) });
}

/** A text that is never shown. Blanks and line ends are kept: they may be part of it. */
export function secretOption(wording: Omit<Wording, 'secret'>) {
  return z
    .string({ error: 'must be a text' })
    .default('')
    .meta({ option: metaOf('text', { ...wording, secret: true }, '') });
}

export function choiceOption<const Choices extends readonly [string, ...string[]]>(
  choices: Choices,
  fallback: Choices[number],
  wording: Wording,
) {
  const words = choices.join(', ');
  return z
    .preprocess(
      (given: Choices[number] | '' | undefined) => (given === '' || given === undefined ? fallback : given),
      z.enum(choices, {
        error: ({ input }) => `${showText(String(input))} is not one of ${words}`,
      }),
    )
    .meta({ option: metaOf('choice', wording, fallback, choices) });
}

/** `true` and `false` as GitHub's own actions spell them, and nothing else: a typo does not mean false. */
export function booleanOption(fallback: boolean, wording: Wording) {
  const spelled: Record<string, boolean> = {
    '': fallback,
    true: true,
    True: true,
    TRUE: true,
    false: false,
    False: false,
    FALSE: false,
  };
  return z
    .preprocess(
      (given: boolean | string | undefined = '') =>
        typeof given === 'string' ? (spelled[given] ?? given) : given,
      z.boolean({ error: 'must be true or false' }),
    )
    .meta({ option: metaOf('boolean', wording, String(fallback)) });
}

export function numberOption(
  fallback: number,
  wording: Wording & { readonly min: number; readonly max: number },
) {
  const { min, max, ...words } = wording;
  const error = `must be a whole number from ${min} to ${max}`;
  return z
    .preprocess(
      (given: number | string | undefined) =>
        given === '' || given === undefined
          ? fallback
          : typeof given === 'string' && /^\d+$/.test(given)
            ? Number(given)
            : given,
      z.int({ error }).min(min, { error }).max(max, { error }),
    )
    .meta({ option: metaOf('number', words, String(fallback)) });
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1e3,
  kb: 1e3,
  kib: 1024,
  m: 1e6,
  mb: 1e6,
  mib: 1024 ** 2,
  g: 1e9,
  gb: 1e9,
  gib: 1024 ** 3,
  t: 1e12,
  tb: 1e12,
  tib: 1024 ** 4,
};

/** Bytes: a plain number, or one with a unit, as `1900MiB`, `2GB`. `fallback` is written as users write it. */
export function sizeOption(fallback: string, wording: Wording) {
  const error = 'must be a size, for example 1900MiB, 2GB, or a number of bytes';
  return z
    .preprocess(
      (given: number | string | undefined) =>
        readSize(given === '' || given === undefined ? fallback : given),
      z.int({ error }).nonnegative({ error }),
    )
    .meta({ option: metaOf('size', wording, fallback) });
}

function readSize(given: number | string): number | string {
  if (typeof given === 'number') return given;
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(given.trim()) ?? [];
  const factor = UNITS[unit.toLowerCase()];
  return amount === undefined || factor === undefined ? given : Math.floor(Number(amount) * factor);
}
