import type { VerifyReport } from '../commands/index.ts';
import { blobHexIn } from '../oci/digest.ts';
import { formatCount } from '../text/bytes.ts';
import { plainText } from '../text/plain-text.ts';

/** More would scroll the result out of sight; the JSON has all. */
const MAX_SHOWN = 50;
/** Names below a damaged blob, and in a list. */
const MAX_NAMES = 5;

type Damaged = VerifyReport['damaged'][number];

/**
 * What is wrong with a bundle: a line for each part, blob and file, and indented below it the images that need it, a line
 * each. A blob that is wrong under several names is told once.
 */
export function damageLines({
  damaged,
  parts,
  broken,
  linksMissing,
}: Pick<VerifyReport, 'damaged' | 'parts' | 'broken' | 'linksMissing'>): string[] {
  const lines: string[] = [];
  if (parts.length > 0) {
    lines.push(
      `${formatCount(parts.length, 'part')} to copy or download again:`,
      ...nameLines(
        parts.map(({ name, reason }) => `${name}: ${reason}`),
        MAX_SHOWN,
        '  ',
      ),
    );
  }
  if (broken !== undefined) lines.push(shortened(plainText(`the archive is damaged: ${broken}`)));
  const isUnlinked = (one: Damaged): boolean =>
    linksMissing > 0 && blobHexIn(one.path) !== undefined && isInRegistry(one);
  if (linksMissing > 0 && damaged.some(isUnlinked)) lines.push(...unlinkedLines(linksMissing));
  const groups = Map.groupBy(
    damaged.filter((one) => !isUnlinked(one)),
    (one) => `${blobHexIn(one.path) ?? one.path} ${one.reason}`,
  );
  const all = [...groups.values()];
  for (const group of all.slice(0, MAX_SHOWN)) lines.push(...groupLines(group));
  if (all.length > MAX_SHOWN) lines.push(`and ${formatCount(all.length - MAX_SHOWN, 'more file')}: --json`);
  const concerned = [...new Set(damaged.filter((one) => !isUnlinked(one)).flatMap((one) => one.images))];
  if (concerned.length > 0)
    lines.push(
      `${formatCount(concerned.length, 'image')} cannot be used:`,
      ...nameLines(concerned, MAX_SHOWN, '  '),
    );
  return lines;
}

function groupLines(group: readonly Damaged[]): string[] {
  const [first] = group;
  if (first === undefined) return [];
  const hex = blobHexIn(first.path);
  const images = [...new Set(group.flatMap((one) => one.images))];
  const needed = images.length === 0 ? [] : ['  needed by:', ...nameLines(images, MAX_NAMES, '    ')];
  if (hex === undefined) return [plainText(`${first.path}: ${first.reason}`), ...needed];
  const folders = group.map(({ path }) => path.slice(0, path.lastIndexOf('/') + 1));
  return [
    plainText(`blob sha256:${hex.slice(0, 12)}: ${first.reason}`),
    ...nameLines(
      folders.map((folder) => `in ${folder}`),
      MAX_NAMES,
      '  ',
    ),
    ...needed,
  ];
}

/** Twelve digits of a digest tell it from all others in a bundle. */
function shortened(text: string): string {
  return text.replaceAll(/\b([0-9a-f]{12})[0-9a-f]{52}\b/g, '$1...');
}

function unlinkedLines(count: number): string[] {
  return [
    `registry/: none of its ${formatCount(count, 'blob')} is there, as where a disk knows no hard links`,
    '  zot finds no image in it; oci-save serve and kit/serve.sh serve it from blobs/',
    '  --without-links verifies the rest',
  ];
}

/** The first names, each on its line, and how many more there are. */
export function nameLines(names: readonly string[], most: number, indent: string): string[] {
  const shown = names.slice(0, most).map((name) => indent + plainText(name));
  return names.length > most ? [...shown, `${indent}and ${names.length - most} more`] : shown;
}

function isInRegistry({ path }: Damaged): boolean {
  return path.startsWith('registry/');
}
