import { OciSaveError } from '../errors.ts';
import { formatCount } from '../report/index.ts';
import type { SaveResult } from '../save.ts';

const SHOWN = 10;

/**
 * A run in which images failed, or whose folder could not be written. `report.failed` has every image with its class, its
 * words and a remedy, `report.error` what became of the folder; what succeeded stays in the store, so that the next run
 * goes on from there. `code` is the class of the error, or of the first failure.
 */
export class FailedSaveError extends OciSaveError {
  readonly report: SaveResult['report'];
  /** The images that are whole. */
  readonly lock: SaveResult['lock'];

  constructor({ report, lock }: SaveResult) {
    const { failed, images, error } = report;
    const [first] = failed;
    const shown = failed.slice(0, SHOWN).map(({ ref, message }) => `${ref}: ${message}`);
    const more = failed.length > SHOWN ? [`and ${failed.length - SHOWN} more`] : [];
    const total = formatCount(failed.length + images.length, 'image');
    const head = failed.length === 0 ? [] : [`${failed.length} of ${total} could not be saved`];
    super({
      code: error?.class ?? first?.class ?? 'local',
      message: [...(error === undefined ? [] : [error.message]), ...head, ...shown, ...more].join('\n'),
      hint: error?.hint ?? first?.hint,
    });
    this.report = report;
    this.lock = lock;
  }
}
