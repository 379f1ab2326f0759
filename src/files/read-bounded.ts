import { buffer } from 'node:stream/consumers';
import { OciSaveError } from '../errors.ts';
import { openRegularFile } from './open-regular.ts';
import { unlessGone } from './unless-gone.ts';

/**
 * A whole file; undefined where it is not there. A pipe or a device is not waited for.
 * @throws OciSaveError `local` where it is not a regular file, `unsupported` where it has more than `maxBytes`, of which no more are read; what the system says
 */
export async function readBounded(file: string, maxBytes: number): Promise<Buffer | undefined> {
  const handle = await unlessGone(openRegularFile(file));
  if (handle === undefined) return undefined;
  // One byte more than allowed tells a large file from an allowed one.
  const bytes = await buffer(handle.createReadStream({ end: maxBytes }));
  if (bytes.length <= maxBytes) return bytes;
  throw new OciSaveError({
    code: 'unsupported',
    message: `${file} is too large: ${maxBytes} bytes are the limit`,
  });
}
