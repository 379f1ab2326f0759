import type { ListDocument } from '../syntax/document.ts';

const IMAGE_COLUMN = /^(image|reference|ref|source|name|repository)$/;
const COLUMN =
  /^(image|reference|ref|source|name|repository|registry|tag|version|digest|sha|platform|arch|architecture|os|target|destination|rename)$/;

/** A header row with an image's column, or three columns a row of which the last is a tag (hangar's lists). */
export function isTable({ lines }: ListDocument): boolean {
  const cells = (lines[0]?.text.slice(0, 1000) ?? '').split(/[,;\t]/).map((cell) =>
    cell
      .trim()
      .replace(/^"(.*)"$/, '$1')
      .toLowerCase(),
  );
  const hasHeader =
    cells.length > 1 &&
    cells.every((cell) => COLUMN.test(cell)) &&
    cells.some((cell) => IMAGE_COLUMN.test(cell));
  return hasHeader || (lines.length > 0 && lines.every(({ text }) => isTagRow(text)));
}

function isTagRow(line: string): boolean {
  if (line.length > 1000) return false;
  const [source, target, tag, ...more] = line.trim().split(/\s+/);
  return (
    more.length === 0 &&
    [source, target].every((name) => name !== undefined && /^[\w.-]+(?::\d+)?\/[\w./-]+$/.test(name)) &&
    /^\w[\w.-]*$/.test(tag ?? '')
  );
}
