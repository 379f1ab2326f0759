import { OciSaveError } from '../errors.ts';
import { formatCount } from '../report/index.ts';
import type { SaveResult } from '../save.ts';

const SHOWN = 10;

/**
 * A run in which images failed. `report.failed` has every one with its class, its words and a remedy; what succeeded
 * stays in the store, so that the next run goes on from there. `code` is the class of the first failure.
 */
export class FailedSaveError extends OciSaveError {
  readonly report: SaveResult['report'];
  /** The images that are whole; no bundle was made of them. */
  readonly lock: SaveResult['lock'];

  constructor({ report, lock }: SaveResult) {
    const { images, push = [] } = report;
    const pushed = push.flatMap((target) => target.failed);
    const failed = [...report.failed, ...pushed];
    const [first] = failed;
    const shown = failed.slice(0, SHOWN).map(({ ref, message }) => `${ref}: ${message}`);
    const more = failed.length > SHOWN ? [`and ${failed.length - SHOWN} more`] : [];
    const total = formatCount(report.failed.length + images.length, 'image');
    const targets = push.filter(({ outcome }) => outcome === 'failed').map(({ target }) => target);
    const head =
      report.failed.length > 0 || targets.length === 0
        ? `${report.failed.length} of ${total} could not be saved`
        : `not all images could be pushed to ${targets.join(', ')}`;
    super({
      code: first?.class ?? 'local',
      message: [head, ...shown, ...more].join('\n'),
      hint: first?.hint,
    });
    this.report = report;
    this.lock = lock;
  }
}
