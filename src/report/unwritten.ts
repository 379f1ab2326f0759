import type { RunReport } from './run-report.ts';

/** What was wanted on the disk and is not there: a run that only publishes wants neither. */
export function unwritten({
  options,
  bundle,
  archive,
}: Pick<RunReport, 'options' | 'bundle' | 'archive'>): 'bundle' | 'archive' | undefined {
  if (options['output'] !== 'none') return bundle === undefined ? 'bundle' : undefined;
  return options['archive'] === 'tar' && archive === undefined ? 'archive' : undefined;
}
