import { createReadStream } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { OciSaveError } from '../errors.ts';
import { unlessGone } from './unless-gone.ts';

/**
 * A whole file; undefined where it is not there.
 * @throws OciSaveError `unsupported` where it has more than `maxBytes`, of which no more are read; what the system says
 */
export async function readBounded(file: string, maxBytes: number): Promise<Buffer | undefined> {
  // One byte more than allowed tells a large file from an allowed one, a pipe or device included.
  const bytes = await unlessGone(buffer(createReadStream(file, { end: maxBytes })));
  if (bytes === undefined || bytes.length <= maxBytes) return bytes;
  throw new OciSaveError({
    code: 'unsupported',
    message: `${file} is too large: ${maxBytes} bytes are the limit`,
  });
}
