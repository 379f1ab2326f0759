import { type Kind, KINDS } from './plan.ts';
import type { Outcome } from './run.ts';

interface Row {
  readonly name: Kind | 'all';
  readonly outcomes: readonly Outcome[];
}

const HEAD = [
  'fault',
  'runs',
  'struck',
  'ended well',
  'ended with error',
  'stopped',
  'healed',
  'wrong',
  'half',
  'other',
  'seconds',
];

/**
 * One row a fault: a run with several counts in each; the last row counts each run once. `struck`: in so many of the runs
 * the fault came to pass. `seconds` are the median run's.
 */
export function tableOf(outcomes: readonly Outcome[]): string {
  const rows: Row[] = KINDS.map((kind) => ({
    name: kind,
    outcomes: outcomes.filter(({ plan }) => plan.steps.flat().some((fault) => fault.kind === kind)),
  }));
  const cells = [...rows, { name: 'all' as const, outcomes }].map(({ name, outcomes: of }) => {
    const count = (test: (outcome: Outcome) => boolean): string => String(of.filter(test).length);
    const median = of.map(({ seconds }) => seconds).toSorted((a, b) => a - b)[of.length >> 1] ?? 0;
    return [
      name,
      String(of.length),
      count(({ struck }) => (name === 'all' ? struck.size > 0 : struck.has(name))),
      ...(['well', 'error', 'stopped'] as const).map((how) => count(({ ended }) => ended === how)),
      count(({ healed }) => healed),
      ...(['wrong', 'half', 'other'] as const).map((kind) =>
        count(({ violation }) => violation?.kind === kind),
      ),
      median.toFixed(1),
    ];
  });
  const widths = HEAD.map((head, at) => Math.max(head.length, ...cells.map((row) => row[at]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join(' | ')} |`;
  const rule = `|${widths.map((width, at) => (at === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [line(HEAD), rule, ...cells.map(line)].join('\n');
}
