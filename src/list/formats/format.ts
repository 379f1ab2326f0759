import type { Hint } from '../../text/hint.ts';
import type { Collector } from '../entry/findings.ts';
import type { ListDocument } from '../syntax/document.ts';
import type { Trait } from './traits.ts';

/** A format of lists: how it is recognised and, where it is supported, how it is parsed. */
export interface ListFormat {
  /** As `list-format` names it. */
  readonly name: string;
  /** As a sentence names it: `a zarf.yaml package`. */
  readonly title: string;
  readonly recognise: (document: ListDocument) => boolean;
  /** Absent for a format that is only recognised in order to refuse it by its title. */
  readonly parse?: (document: ListDocument, collector: Collector) => void;
  /** Whether `parse` needs YAML or lines, where the user names the format. */
  readonly reading?: 'tree' | 'text';
  /** True where images are one matter of many: such a file may contain certificates and keys (`caBundle` of a webhook), as may a list with users, whose password may be a key. */
  readonly mayHaveKeys?: boolean;
  /** Compose's variables: `$NAME` is one without braces, too, and a file `.env` beside the list has values. */
  readonly bareVariables?: boolean;
  /** In place of 'this format is not supported yet'. */
  readonly refusal?: string;
  /** What to do instead. */
  readonly hint?: Hint;
}

/** An element of the table of formats. */
export function format(
  name: string,
  title: string,
  recognise: Trait,
  support: Omit<ListFormat, 'name' | 'title' | 'recognise'> = {},
): ListFormat {
  return { name, title, recognise, ...support };
}
