import { OciSaveError } from '../errors.ts';
import { formatPlatform, matchesPlatform, type Platform, type PlatformChoice } from '../oci/platform.ts';
import { hint, option } from '../text/hint.ts';

/** Platforms that a message names. */
const MAX_NAMED = 20;

/**
 * Refuses an image without a wanted platform. An artifact has no platform, and nothing that offers none can miss one.
 * @param found the platforms of what was taken
 * @param offered the platforms that its indexes list; none where there is no index
 * @throws OciSaveError `not-found`, naming what is there
 */
export function refuseMissing(
  choice: PlatformChoice,
  found: readonly Platform[],
  offered: readonly string[],
): void {
  if (choice === 'all' || (found.length === 0 && offered.length === 0)) return;
  const missing = choice.filter((wanted) => !found.some((platform) => matchesPlatform(wanted, platform)));
  if (missing.length === 0) return;
  const names = missing.map(formatPlatform).join(', ');
  const there = offered.length > 0 ? offered : found.map(formatPlatform);
  const named = there.slice(0, MAX_NAMED).join(', ');
  const more = there.length > MAX_NAMED ? ` and ${there.length - MAX_NAMED} more` : '';
  throw new OciSaveError({
    code: 'not-found',
    message: `it has no ${names}; it has ${named}${more}`,
    hint: hint`Choose others with ${option('platforms')}, or for this image alone: '--platform=${there[0] ?? 'os/arch'} …' in the list.`,
  });
}
