import type { ListDocument } from '../syntax/document.ts';
import type { Findings, ParseOptions } from '../entry/findings.ts';

/** A format of lists: how it is told from the others and, where it is read, by what. */
export interface ListFormat {
  /** As `list-format` names it. */
  readonly name: string;
  /** As a sentence names it: `a zarf.yaml package`. */
  readonly title: string;
  readonly recognise: (document: ListDocument) => boolean;
  /** Absent where the format is recognised only to be refused by its name. */
  readonly parse?: (document: ListDocument, options: ParseOptions) => Findings;
  /** Whether `parse` wants YAML or lines, where the user names the format. */
  readonly reading?: 'tree' | 'text';
  /** In place of 'this format is not read yet'. */
  readonly refusal?: string;
  /** What to do instead. */
  readonly hint?: string;
}
