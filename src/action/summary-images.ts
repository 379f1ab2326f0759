import { hexOf } from '../oci/digest.ts';
import { formatBytes } from '../text/bytes.ts';
import { platformWords, sizeWords, statusWords } from '../view/index.ts';
import type { ReportedImage, RunReport } from '../report/index.ts';
import { type Bound, code, escaped, folded, table } from './markdown.ts';

/** A longer table of images is folded. */
const MAX_OPEN_IMAGES = 50;
const MAX_NAMES = 5;

/** One row an image: its names, digest, platforms, size, and where it came from. */
export function imageSection({ images, dryRun = false }: RunReport, bound: Bound): string[] {
  if (images.length === 0) return [];
  // What was here already, and a dry run, have nothing to say there.
  const fetched = !dryRun && images.some(({ fetchedBytes }) => fetchedBytes > 0);
  const lines = table(
    {
      titles: ['Image', 'Digest', 'Platforms', 'Size', ...(fetched ? ['Fetched'] : []), 'Status'],
      figures: fetched ? [3, 4] : [3],
      rows: images,
      cells: (image) => [
        nameCell(image),
        code(hexOf(image.digest).slice(0, 12)),
        escaped(platformWords(image.platforms).replaceAll(',', ', ')),
        figure(sizeWords(image)),
        ...(fetched ? [image.fetchedBytes === 0 ? '' : figure(formatBytes(image.fetchedBytes))] : []),
        statusWords(image, dryRun),
      ],
    },
    bound,
  );
  const title = `Images: ${images.length}`;
  return images.length > MAX_OPEN_IMAGES ? folded(`<b>${title}</b>`, lines) : [`### ${title}`, '', ...lines];
}

function nameCell({ ref, names }: ReportedImage): string {
  const others = names.filter((name) => name !== ref);
  const more = others.length - MAX_NAMES;
  return [
    code(ref),
    ...others.slice(0, MAX_NAMES).map((name) => `as ${code(name)}`),
    ...(more > 0 ? [`and ${more} more names`] : []),
  ].join('<br>');
}

/** A number stays with its unit, however narrow the column. */
function figure(words: string): string {
  return words.replace(' ', '&nbsp;');
}
