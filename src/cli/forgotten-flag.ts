import { OciSaveError, systemCodeOf } from '../errors.ts';
import { isFile } from '../files/index.ts';
import { isReference, namesRegistry } from '../oci/reference.ts';
import { showText } from '../oci/reference-quote.ts';
import type { SaveOptions } from '../options/index.ts';
import { hint, option } from '../text/hint.ts';

/**
 * Refuses arguments that are files and look like files: `save images.txt` lacks `-f`, and would ask a registry for an image
 * of that name. What has a registry, a tag or a digest is a reference, whatever lies in the folder.
 * @throws OciSaveError `usage` that names the first one
 */
export async function refuseFiles(references: readonly string[]): Promise<void> {
  for (const text of references) {
    if (!looksLikeFile(text) || !(await isThere(text))) continue;
    throw new OciSaveError({
      code: 'usage',
      message: `${showText(text)}: a file of that name is here, and no image is named by it`,
      hint: hint`A list is given by ${option('imageList')}, in short -f.`,
    });
  }
}

/**
 * Refuses a command line without any image, such as `some-tool | oci-save save`: what is piped in is read where it is asked for.
 * @throws OciSaveError `usage`
 */
export function refuseNothing({ images, imageList }: Pick<SaveOptions, 'images' | 'imageList'>): void {
  if (images.length > 0 || imageList.length > 0) return;
  throw new OciSaveError({
    code: 'usage',
    message: 'no image is given',
    hint: hint`Give images, or lists with ${option('imageList')}; - there is standard input.`,
  });
}

/** Whatever the system says of a text that is no path, no file has that name. */
async function isThere(text: string): Promise<boolean> {
  try {
    return await isFile(text);
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error;
    return false;
  }
}

function looksLikeFile(text: string): boolean {
  if (text.includes('\0')) return false;
  if (!isReference(text)) return true;
  return !namesRegistry(text) && !/[:@]/.test(text) && /\.[a-z]{1,5}$/.test(text);
}
