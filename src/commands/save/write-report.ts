import { refuseForeign, writeFileWhole } from '../../bundle/index.ts';
import { messageOf, OciSaveError } from '../../errors.ts';
import { formatRunReport, type RunReport } from '../../report/index.ts';
import { diskError } from '../../store/index.ts';
import { foreignAtReport } from './foreign.ts';
import type { Run } from './run.ts';

/**
 * Writes `report.json` beside the output, for failed runs too; a dry run leaves no file.
 *
 * @param failure what the run has failed with already. It is thrown where the report cannot be written either, and
 *   where it is a fault of our own, since nobody would see it in a report
 */
export async function writeReport(
  report: RunReport,
  { options, places, io }: Run,
  failure?: Error,
): Promise<void> {
  if (options.dryRun) return;
  try {
    refuseForeign(await foreignAtReport(places), 'local');
    await writeFileWhole(places.report, formatRunReport(report));
  } catch (error) {
    const problem = diskError(error, places.report) ?? error;
    if (failure === undefined) throw problem;
    io.emit({ type: 'log', level: 'warning', message: `the report is missing, too: ${messageOf(problem)}` });
    throw failure;
  }
  if (failure !== undefined && !(failure instanceof OciSaveError)) throw failure;
}
