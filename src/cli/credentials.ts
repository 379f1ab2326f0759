import { buffer } from 'node:stream/consumers';
import { OciSaveError, systemCodeOf } from '../errors.ts';
import { openRegular } from '../files/index.ts';

const MAX_BYTES = 1024 * 1024;

/**
 * Puts the content of the file that `--credentials` names in its place: other users of the machine can read arguments.
 * @throws OciSaveError `usage` where it cannot be read
 */
export async function withCredentials(
  flags: Readonly<Record<string, unknown>>,
): Promise<Record<string, unknown>> {
  const { credentials: file } = flags;
  return typeof file === 'string' && file !== ''
    ? { ...flags, credentials: await contentOf(file) }
    : { ...flags };
}

async function contentOf(file: string): Promise<string> {
  const unreadable = (why: string): OciSaveError =>
    new OciSaveError({
      code: 'usage',
      message: `--credentials: the file cannot be read (${why})`,
      hint: 'Name a file; passwords do not belong on a command line, where every process can read them.',
    });
  try {
    const opened = await openRegular(file);
    if (!('handle' in opened)) throw unreadable(opened.reason);
    // One byte more than allowed distinguishes a large file from an allowed one.
    const bytes = await buffer(opened.handle.createReadStream({ end: MAX_BYTES }));
    if (bytes.length > MAX_BYTES) throw unreadable('it has more than 1 MiB');
    return bytes.toString('utf8');
  } catch (error) {
    const code = systemCodeOf(error);
    // Without the cause: its words have the file's name, which may be a password that was given in its place.
    throw code === undefined ? error : unreadable(code);
  }
}
