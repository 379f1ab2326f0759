import { OciSaveError } from '../errors.ts';
import type { ReleasePlan } from './plan.ts';
import type { SendOptions } from './send-options.ts';
import type { Asset, Release } from './service/service.ts';
import { type Hint, hint, option } from '../text/hint.ts';

const MAX_FILES = 1000;
/** One byte less than GitHub's limit. */
export const MAX_FILE_BYTES = 2 ** 31 - 1;

/** Throws `unsupported` for a plan that must not be started: nothing was sent yet. */
export function refuseForbidden(
  release: Release | undefined,
  { steps, stale, conflicts, lacking }: ReleasePlan,
  present: readonly Asset[],
  { tag, files }: SendOptions,
): void {
  const [large] = files.filter(({ size }) => size > MAX_FILE_BYTES);
  if (large !== undefined) {
    throw refused(
      `${large.name} has ${large.size} bytes; a release takes less than 2 GiB in one file`,
      hint`Take smaller parts: ${option('splitSize')}.`,
    );
  }
  const mayReplace = release?.immutable !== true;
  if (lacking.length > 0) {
    throw refused(
      `release ${tag} has another archive, which cannot be kept as it is not whole, and nothing was sent: ${lacking.join(', ')}`,
      mayReplace
        ? hint`Replace it (${option('releasePolicy', 'replace')}), bring back what is missing, or release under a new tag.`
        : NEW_TAG,
    );
  }
  if (conflicts.length > 0) {
    throw refused(
      `release ${tag} has other content, and nothing was sent: ${conflicts.join(', ')}`,
      hint`${mayReplace ? REPLACE : NEW_TAG} ${OWN_NAMES}`,
    );
  }
  const changes = stale.length > 0 || steps.some(({ action }) => action !== 'none');
  if (release?.immutable === true && !release.draft && changes) {
    throw refused(
      `release ${tag} is published and immutable: nothing can be added to it, and nothing was sent: ${release.url}`,
      NEW_TAG,
    );
  }
  const added = steps.filter(({ action }) => action === 'send').length;
  const after = present.length - stale.length + added;
  if (after > MAX_FILES) {
    throw refused(
      `release ${tag} would hold ${after} files; ${MAX_FILES} is the limit, and nothing was sent`,
      'Take larger parts, or another tag.',
    );
  }
}

const OWN_NAMES = hint`If it is of another list, give each archive a name of its own: ${option('archiveName')}.`;
const REPLACE = hint`Release under a new tag, or replace what is there: ${option('releasePolicy', 'replace')}.`;
const NEW_TAG = 'What is published there cannot change any more: release under a new tag.';

function refused(message: string, advice: Hint): OciSaveError {
  return new OciSaveError({ code: 'unsupported', message, hint: advice });
}
