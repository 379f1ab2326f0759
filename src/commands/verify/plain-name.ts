/** Longer ones no file system takes (Linux: NAME_MAX). */
const MAX_NAME = 255;
const MAX_PATH = 4096;

/** Whether a file of a bundle may have that path: it stays in its folder, wherever it is unpacked. */
export function isPlainPath(path: string): boolean {
  return path.length <= MAX_PATH && path.split('/').every(isPlain);
}

/** Windows drops a dot or a space at an end, so that two names would be one file; it reads `:` as a stream of a file. */
function isPlain(part: string): boolean {
  return part !== '' && part.length <= MAX_NAME && !/[. ]$/.test(part) && !/[\p{Cc}\\:*?"<>|]/u.test(part);
}
