import { writeFileWhole } from '../bundle/index.ts';
import { formatRunReport, type RunReport } from '../report/index.ts';
import { diskError } from '../store/index.ts';
import type { Run } from './run.ts';

/** Writes `report.json` beside the output, for failed runs too; a dry run leaves no file. */
export async function writeReport(report: RunReport, { options, places }: Run): Promise<void> {
  if (options.dryRun) return;
  try {
    await writeFileWhole(places.report, formatRunReport(report));
  } catch (error) {
    throw diskError(error, places.report) ?? error;
  }
}
