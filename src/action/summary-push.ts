import { pushNotes, pushTally, pushTraffic } from '../view/index.ts';
import type { RunReport } from '../report/index.ts';
import { type Bound, bounded, code, escaped, prose, table } from './markdown.ts';

/** What each push target got: figures, failures, names that differ. */
export function pushSections({ push = [] }: RunReport, { maxBytes, rest }: Bound): string[][] {
  const bound = { maxBytes: Math.floor(maxBytes / Math.max(1, push.length) / 2), rest };
  return push.flatMap((target) => [
    [`### Push to ${escaped(target.target)}: ${pushTally(target)}`, '', `${pushTraffic(target)}.`],
    target.failed.length === 0
      ? []
      : table(
          {
            titles: ['Image', 'Why and what to do'],
            rows: target.failed,
            cells: ({ ref, class: failureClass, message, hint = '' }) => [
              code(ref),
              `**${failureClass}**: ${prose(message)}${hint === '' ? '' : `<br>${prose(hint)}`}`,
            ],
          },
          bound,
        ),
    bounded(pushNotes(target), (note) => `- ${prose(note)}`, bound),
  ]);
}
