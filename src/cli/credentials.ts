import { lstat } from 'node:fs/promises';
import path from 'node:path';
import { OciSaveError, systemCodeOf } from '../errors.ts';
import { openRegular } from '../files/index.ts';
import { quoteText } from '../oci/reference-quote.ts';
import { parseOptions, parseOptionsWithLogins, type SaveOptions } from '../options/index.ts';

const STDIN = 'standard input';
const MAX_BYTES = 1024 * 1024;

const IN_PLACE = 'Name a file; passwords do not belong on a command line, where every process can read them.';
const PIPED = 'Name a regular file, or - and let the program write to standard input.';

/**
 * Reads the options of a command: with the content of the file that `--credentials` names, or that of standard input for
 * `-`, since other users of the machine can read arguments.
 * @param given what is no flag, by camelCase name
 * @throws OciSaveError `usage` for every fault, where the file cannot be read, or where a list is read from standard input,
 *   too
 */
export async function parseFlags(
  flags: Readonly<Record<string, unknown>>,
  given: Readonly<Record<string, unknown>>,
  stdin: AsyncIterable<Uint8Array>,
): Promise<SaveOptions> {
  const { credentials: file, imageList } = flags;
  if (typeof file !== 'string' || file === '') return parseOptions({ ...flags, ...given });
  if (file === '-' && readsStdin(imageList)) {
    throw new OciSaveError({
      code: 'usage',
      message: '--credentials and --image-list are both -: only one can be read from standard input',
      hint: 'Name a file for one of them.',
    });
  }
  const credentials = file === '-' ? await textOf(stdin, STDIN) : await contentOf(file);
  const source = file === '-' ? STDIN : quoteText(file);
  return parseOptionsWithLogins({ ...flags, credentials, ...given }, source);
}

function readsStdin(imageList: unknown): boolean {
  const texts: unknown[] = Array.isArray(imageList) ? imageList : [imageList];
  return texts.some(
    (text) => typeof text === 'string' && text.split(/[,\r\n]/).some((one) => one.trim() === '-'),
  );
}

async function contentOf(file: string): Promise<string> {
  const shown = (await isPath(file)) ? `the file ${quoteText(file)}` : 'the file';
  try {
    const opened = await openRegular(file);
    if (!('handle' in opened)) throw unreadable(shown, opened.reason, opened.isStream ? PIPED : undefined);
    return await textOf(opened.handle.createReadStream({ end: MAX_BYTES }), shown);
  } catch (error) {
    const code = systemCodeOf(error);
    // Without the cause: its words have the file's name, which may be a password that was given in its place.
    throw code === undefined ? error : unreadable(shown, code);
  }
}

/** Bounded: a program may write without end. */
async function textOf(stream: AsyncIterable<Uint8Array>, shown: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.length;
    if (length > MAX_BYTES) throw unreadable(shown, 'it has more than 1 MiB');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function unreadable(shown: string, why: string, hint: string = IN_PLACE): OciSaveError {
  return new OciSaveError({
    code: 'usage',
    message: `--credentials: ${shown} cannot be read (${why})`,
    hint,
  });
}

/** Whether a text is a file's name and no password: it or its folder is there, or it ends as such files do. */
async function isPath(text: string): Promise<boolean> {
  if (/^[\w.-]+\.(?:txt|ya?ml|json|conf)$/i.test(text) || (await exists(text))) return true;
  const folder = path.dirname(text);
  return folder !== '.' && folder !== path.parse(folder).root && (await exists(folder));
}

async function exists(file: string): Promise<boolean> {
  try {
    await lstat(file);
    return true;
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error;
    return false;
  }
}
