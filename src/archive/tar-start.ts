/**
 * Whether bytes are the start of a tar that we wrote: its first entry is a bundle's first file or folder, with the fixed
 * owner, mode and time that no other tool gives it. The time was 1970 in earlier versions, and is 1980-02-01 in later ones,
 * since FAT and zip hold nothing before.
 *
 * @param bytes at least the first kilobyte, or all there are where the file was cut off
 */
export function isOurTarStart(bytes: Buffer): boolean {
  if (bytes.length < BLOCK || !hasRightSum(bytes)) return false;
  const text = (at: number, length: number): string => {
    const field = bytes.toString('latin1', at, at + length);
    return field.split('\0', 1)[0] ?? '';
  };
  const number = (at: number, length: number): number => Number.parseInt(text(at, length), 8);
  const name = text(0, 100);
  const isFolder = text(156, 1) === '5';
  const fixed =
    text(257, 6).trim() === 'ustar' &&
    text(265, 32) === '' &&
    text(297, 32) === '' &&
    number(108, 8) === 0 &&
    number(116, 8) === 0 &&
    TIMES.has(number(136, 12)) &&
    number(100, 8) === (isFolder ? 0o755 : 0o644);
  if (!fixed) return false;
  if (isFolder) return FIRST_FOLDERS.has(name);
  const content = FIRST_FILES.get(name);
  if (content === undefined) return false;
  const written = bytes.toString('utf8', BLOCK, BLOCK + number(124, 12));
  return content === 'any' || content.startsWith(written);
}

const BLOCK = 512;
const TIMES = new Set([0, Date.UTC(1980, 1, 1) / 1000]);
/** A bundle's tree begins with one of these, whichever views it has. */
const FIRST_FILES: ReadonlyMap<string, string> = new Map([
  ['oci-layout', '{"imageLayoutVersion":"1.0.0"}\n'],
  ['_restore_complete', '1'],
  ['README.txt', 'any'],
]);
const FIRST_FOLDERS = new Set(['registry/', 'blobs/', 'kit/']);

/** POSIX.1-1988, pax(1): the sum of the header's bytes, with blanks where the sum itself stands. */
function hasRightSum(header: Buffer): boolean {
  let sum = 8 * 0x20;
  for (let at = 0; at < BLOCK; at += 1) if (at < 148 || at >= 156) sum += header[at] ?? 0;
  return Number.parseInt(header.toString('latin1', 148, 154), 8) === sum;
}
