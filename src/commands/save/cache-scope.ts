import { scopeOf } from '../../cache/index.ts';
import { formatPlatform } from '../../oci/platform.ts';
import type { SaveOptions } from '../../options/index.ts';

/** Which list a catalogue is about: jobs that save others, or other platforms, side by side do not replace it. */
export function cacheScope(options: SaveOptions, repository = ''): string {
  const { imageList, platforms, output, archiveName, format } = options;
  const chosen =
    platforms === undefined || platforms === 'all' ? [String(platforms)] : platforms.map(formatPlatform);
  return scopeOf([
    repository,
    ...imageList.toSorted(),
    '',
    ...chosen.toSorted(),
    output,
    archiveName,
    format,
  ]);
}
