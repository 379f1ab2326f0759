import { formatCount } from '../text/bytes.ts';
import type { LeftOut } from './ignore.ts';
import type { ListSummary } from './join-lists.ts';

/** More lists are counted together. */
const MAX_LISTS = 20;
/** More rules are counted together. */
const MAX_RULES = 20;
/** More of what is passed over is counted. */
const MAX_IGNORED = 12;

/**
 * What was found, in a line for each list: its format, how many images it names, and what of it is passed over on purpose.
 * @param images how many there are in all, each once
 */
export function listLines(lists: readonly ListSummary[], images: number): string[] {
  const more = lists.length - MAX_LISTS;
  return [
    ...lists.slice(0, MAX_LISTS).map(listLine),
    ...(more > 0 ? [`and ${formatCount(more, 'more list')}`] : []),
    ...(lists.length > 1 ? [`Together: ${formatCount(images, 'image')}`] : []),
  ];
}

function listLine({ file, format, count, rules = 0, ignored }: ListSummary): string {
  const more = ignored.length - MAX_IGNORED;
  const named = [...ignored.slice(0, MAX_IGNORED), ...(more > 0 ? [`${more} more`] : [])].join(', ');
  const passed = named === '' ? '' : `; passed over: ${named}`;
  const asked = rules === 0 ? '' : ` and ${formatCount(rules, 'rule')} for tags`;
  return `List: ${file}, ${formatCount(count, 'image')}${asked} (${format})${passed}`;
}

/** What is left out by rules, in a line for each that leaves something out. */
export function leftOutLines(leftOut: readonly LeftOut[]): string[] {
  const some = leftOut.filter(({ count }) => count > 0);
  const more = some.length - MAX_RULES;
  return [
    ...some
      .slice(0, MAX_RULES)
      .map(
        ({ rule, place = 'ignore', count }) =>
          `Left out: ${formatCount(count, 'image')} by ${place}: ${rule}`,
      ),
    ...(more > 0 ? [`and by ${formatCount(more, 'more rule')}`] : []),
  ];
}
