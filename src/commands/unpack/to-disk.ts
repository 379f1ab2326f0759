import { chmod, open } from 'node:fs/promises';
import pMap from 'p-map';
import { systemCodeOf } from '../../errors.ts';

/** What a file system responds that knows no modes, or lets nobody change them. */
const NO_MODES = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EINVAL']);

/** Sets a mode, whatever the umask; where a medium has none, as FAT, it stays what it is mounted with. */
export async function setMode(place: string, mode: number): Promise<void> {
  try {
    await chmod(place, mode);
  } catch (error) {
    if (!NO_MODES.has(systemCodeOf(error) ?? '')) throw error;
  }
}

/** A file system writes several at once in one go. */
const AT_ONCE = 16;

/**
 * Makes sure that files, and then the folders that name them, are on the disk, and not only in the machine's memory: a stick
 * that is pulled out afterwards has all of it.
 * @throws the error of the system, such as of a disk that fails only now
 */
export async function flush(
  files: readonly string[],
  folders: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  const each = async (places: readonly string[], work: (place: string) => Promise<void>): Promise<void> => {
    await pMap(
      places,
      async (place) => {
        signal?.throwIfAborted();
        await work(place);
      },
      { concurrency: AT_ONCE },
    );
  };
  // Windows flushes only what is open for writing.
  await each(files, (file) => sync(file, 'r+'));
  await each(folders, flushFolder);
}

/** What a system responds that cannot flush folders: Windows, and some that are mounted through FUSE. */
const NO_FOLDERS = new Set(['EISDIR', 'EPERM', 'EACCES', 'EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'EBADF']);

/** Makes sure that the names in a folder are on the disk, where the system can. */
export async function flushFolder(folder: string): Promise<void> {
  try {
    await sync(folder, 'r');
  } catch (error) {
    if (!NO_FOLDERS.has(systemCodeOf(error) ?? '')) throw error;
  }
}

async function sync(place: string, flags: string): Promise<void> {
  const handle = await open(place, flags);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
