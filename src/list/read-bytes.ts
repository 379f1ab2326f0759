import { systemCodeOf } from '../errors.ts';
import { openRegular } from '../files/index.ts';
import { LOCK_FILE_KIND, MAX_LOCK_BYTES } from '../lock/index.ts';
import { digestOf } from '../oci/digest.ts';
import { hint, option } from '../text/hint.ts';
import type { ListAddress } from './list-address.ts';
import type { Problem } from './problems.ts';
import { MAX_LIST_BYTES } from './syntax/lines.ts';

export type Found<T> = { readonly found: T } | { readonly problem: Problem };

/** How messages name the list from standard input. */
export const STDIN = 'stdin';

const MIB = 1024 * 1024;

/**
 * Fetches a list from an address, at most MAX_LIST_BYTES.
 * @throws OciSaveError for what the server or the network did
 */
export type FetchList = (address: ListAddress) => Promise<Uint8Array>;

/** The list that somebody pipes into this process. */
export async function readStdin(stdin: AsyncIterable<Uint8Array> | undefined): Promise<Found<Uint8Array>> {
  if (stdin !== undefined) {
    const read = await gather(STDIN, stdin);
    if ('problem' in read || read.found.length > 0) return read;
    return {
      problem: { file: STDIN, reason: 'it is empty', hint: 'See what the command before the pipe says.' },
    };
  }
  return { problem: { file: STDIN, reason: 'there is no standard input to read a list from' } };
}

/**
 * The bytes at an address, if they have the hash that was named with it.
 * @throws OciSaveError for what the server or the network did
 */
export async function readAddress(
  address: ListAddress,
  fetchList: FetchList | undefined,
): Promise<Found<Uint8Array>> {
  const { file, sha256 } = address;
  if (fetchList === undefined) {
    return { problem: { file, reason: 'lists are not fetched here', hint: 'Fetch it, and name the file.' } };
  }
  const bytes = await fetchList(address);
  const digest = digestOf(bytes);
  if (digest === `sha256:${sha256}`) return { found: bytes };
  return {
    problem: {
      file,
      reason: `it has ${digest}, and not sha256:${sha256}: it was not read`,
      hint: 'Look at what has changed in it before you change the hash.',
    },
  };
}

/**
 * A regular file's bytes, as far as `gather` reads.
 * @param folders real folders that it must lie in, links followed; anywhere, where they are left out
 */
export async function readFile(path: string, folders?: readonly string[]): Promise<Found<Uint8Array>> {
  try {
    const opened = await openRegular(path, folders);
    if (!('handle' in opened)) {
      const { reason, isStream } = opened;
      return { problem: { file: path, reason, hint: isStream ? PIPED : opened.hint } };
    }
    // Leaving the loop early closes the file.
    return await gather(path, opened.handle.createReadStream({ highWaterMark: 256 * 1024 }));
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === undefined) throw error;
    return { problem: { file: path, reason: REASONS.get(code) ?? `it cannot be read (${code})` } };
  }
}

const PIPED = hint`A pipe is read from standard input: give - as ${option('imageList')}.`;

const ABSENT = 'there is no such file';

const REASONS = new Map([
  ['ENOENT', ABSENT],
  ['EACCES', 'this user may not read it'],
]);

/** Whether a file is simply not there. */
export function isAbsent(read: Found<Uint8Array>): boolean {
  return 'problem' in read && read.problem.reason === ABSENT;
}

/** Bytes by which a lock is recognised. */
const START_BYTES = 1000;

const TAR = {
  reason: 'it is a tar archive, and no list',
  hint: "A bundle's lock is a list: N.lock.json beside the archive, or the folder of the bundle. A chart is read as .tgz. A list names the images of other archives: docker-archive:FILE, oci-archive:FILE.",
};

/** By the mark of POSIX in the first header. */
function isTar(bytes: Buffer): boolean {
  return bytes.toString('latin1', 257, 262) === 'ustar';
}

/** The bytes of a stream; reading stops after 16 MiB, of a lock as we write it after 256 MiB. */
async function gather(file: string, stream: AsyncIterable<Uint8Array>): Promise<Found<Uint8Array>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  let most = MAX_LIST_BYTES;
  for await (const chunk of stream) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > most && most < MAX_LOCK_BYTES) {
      const start = Buffer.concat(chunks).subarray(0, START_BYTES);
      if (LOCK_FILE_KIND.matches(start, false)) most = MAX_LOCK_BYTES;
    }
    if (size > most && isTar(Buffer.concat(chunks))) return { problem: { file, ...TAR } };
    if (size > most) {
      const reason = `it is larger than ${most / MIB} MiB, which no list is`;
      return { problem: { file, reason, hint: 'Split the list.' } };
    }
  }
  const bytes = Buffer.concat(chunks);
  return isTar(bytes) ? { problem: { file, ...TAR } } : { found: bytes };
}
