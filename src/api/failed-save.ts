import { OciSaveError } from '../errors.ts';
import { formatCount } from '../text/bytes.ts';
import type { SaveResult } from '../commands/save/save.ts';

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
    const { images, error, push = [], release } = report;
    const failed = [...report.failed, ...push.flatMap((target) => target.failed)];
    const [first] = failed;
    const shown = failed.slice(0, SHOWN).map(({ ref, message }) => `${ref}: ${message}`);
    const more = failed.length > SHOWN ? [`and ${failed.length - SHOWN} more`] : [];
    const total = formatCount(report.failed.length + images.length, 'image');
    const targets = push.filter(({ outcome }) => outcome === 'failed').map(({ target }) => target);
    const head = [
      ...(report.failed.length > 0 ? [`${report.failed.length} of ${total} could not be saved`] : []),
      ...(targets.length > 0 ? [`not all images could be pushed to ${targets.join(', ')}`] : []),
    ];
    const unreleased =
      release?.failure === undefined ? [] : [`release ${release.tag} failed: ${release.failure.message}`];
    super({
      code: error?.class ?? first?.class ?? release?.failure?.class ?? 'local',
      message: [
        ...(error === undefined ? [] : [error.message]),
        ...head,
        ...shown,
        ...more,
        ...unreleased,
      ].join('\n'),
      hint: error?.hint ?? first?.hint ?? release?.failure?.hint,
    });
    this.report = report;
    this.lock = lock;
  }
}
