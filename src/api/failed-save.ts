import { OciSaveError } from '../errors.ts';
import { imagesVerdict, judge, pushVerdict } from '../report/index.ts';
import type { SaveResult } from '../commands/index.ts';

const SHOWN = 10;

/**
 * A run in which images failed, whose folder could not be written, or whose release failed. `report.failed` has every
 * image with its class, its words and a hint, `report.error` what became of the folder, `report.release` of the
 * release; what succeeded stays in the store, so that the next run goes on from there. `code` is the class of the
 * error, or of the first failure.
 */
export class FailedSaveError extends OciSaveError {
  readonly report: SaveResult['report'];
  /** The images that are whole. */
  readonly lock: SaveResult['lock'];

  constructor({ report, lock }: SaveResult) {
    const verdict = judge(report);
    const { fault, targets, release } = verdict;
    const failed = [...report.failed, ...(report.push ?? []).flatMap((target) => target.failed)];
    const [first] = failed;
    const shown = failed.slice(0, SHOWN).map(({ ref, message }) => `${ref}: ${message}`);
    super({
      code: fault?.class ?? first?.class ?? release?.failure.class ?? 'local',
      message: [
        ...(fault === undefined ? [] : [fault.message]),
        ...(verdict.failed > 0 ? [imagesVerdict(verdict)] : []),
        ...(targets.length > 0 ? [pushVerdict(verdict)] : []),
        ...shown,
        ...(failed.length > SHOWN ? [`and ${failed.length - SHOWN} more`] : []),
        ...(release === undefined ? [] : [`release ${release.tag} failed: ${release.failure.message}`]),
      ].join('\n'),
      hint: fault?.hint ?? first?.hint ?? release?.failure.hint,
    });
    this.report = report;
    this.lock = lock;
  }
}
