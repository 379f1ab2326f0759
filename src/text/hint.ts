/** An option that a text names, by its camelCase name, with a value where one is meant. */
export interface NamedOption {
  readonly option: string;
  readonly value?: string | undefined;
}

/** What a reader can do about an error: words, and the options that they name as data. */
export type Hint = string | readonly (string | NamedOption)[];

/** How a front end writes an option: a command has flags, a workflow has inputs. */
export type Spelling = (named: NamedOption) => string;

/** Names an option of ours in a hint. */
export function option(name: string, value?: string): NamedOption {
  return { option: name, value };
}

/** A hint that names options: ``hint`Take smaller parts: ${option('splitSize')}.` `` */
export function hint(words: TemplateStringsArray, ...inserts: readonly (Hint | NamedOption)[]): Hint {
  return words.flatMap((text, index) => {
    const insert = inserts[index] ?? '';
    return [text, ...(isParts(insert) ? insert : [insert])];
  });
}

/** A hint as one front end writes it. */
export function spellHint(given: Hint, spelling: Spelling): string {
  if (typeof given === 'string') return given;
  return given.map((part) => (typeof part === 'string' ? part : spelling(part))).join('');
}

/** `--split-size`, `--copier direct`: on the command line, in `report.json`, and for callers of the API. */
export const asFlag: Spelling = ({ option: name, value }) =>
  `--${kebab(name)}${value === undefined ? '' : ` ${value}`}`;

/** `imageList` as it is written on a command line and in a workflow: `image-list`. */
export function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function isParts(insert: Hint | NamedOption): insert is Exclude<Hint, string> {
  return Array.isArray(insert);
}
