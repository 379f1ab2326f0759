import { stripQuotes } from '../syntax/lines.ts';
import { isLocalSource, refusal } from './source.ts';

export interface Pair {
  readonly source: string;
  readonly name: string;
  readonly separator: '=>' | '->' | '=' | ',';
}

/**
 * Splits `source => name`. `->`, `=` (mapping files of oc) and `,` mean the same, the last two only where the left
 * side can be nothing but a reference: `TOKEN=abc` and `user,password` are no images.
 * @throws OciSaveError `list` for more than one separator, and for `=` and `,` behind a bare word.
 */
export function splitPair(text: string): Pair | undefined {
  const arrow = text.includes('=>') ? '=>' : text.includes('->') ? '->' : undefined;
  if (arrow !== undefined) {
    const [source = '', name = '', ...more] = text.split(arrow).map(stripQuotes);
    if (more.length > 0) throw refusal(`this entry holds more than one '${arrow}'`, 'Write one pair a line.');
    if (source === '') throw refusal(`nothing stands before '${arrow}'`);
    if (name === '') throw refusal(`nothing stands after '${arrow}'`);
    return { source, name, separator: arrow };
  }
  if (isLocalSource(text)) return undefined;
  const match = /^([^ \t=,]+)[ \t]*([=,])[ \t]*([^ \t]*)$/.exec(text);
  const [, source = '', separator, name = ''] = match ?? [];
  if (separator !== '=' && separator !== ',') return undefined;
  if (name === '') throw refusal(`this entry ends in '${separator}'`);
  if (!/[/:@]/.test(source)) {
    throw refusal(
      `no reference stands before '${separator}'`,
      'Write one reference a line, or source => name.',
    );
  }
  if (/[=,]/.test(name)) {
    throw refusal(
      `this entry holds more than one '=' or ','`,
      'Write one reference a line, or source => name.',
    );
  }
  return { source, name: stripQuotes(name), separator };
}
