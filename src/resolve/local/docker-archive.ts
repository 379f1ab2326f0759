import { type FileHandle, readlink, symlink } from 'node:fs/promises';
import path from 'node:path';
import { OciSaveError, systemCodeOf } from '../../errors.ts';
import { openRegularFile } from '../../files/index.ts';
import type { FileSource } from '../../list/index.ts';
import { formatReference } from '../../oci/reference.ts';
import { archiveFailure, NO_MANIFEST, NO_TAR, SEVERAL } from './archive-failure.ts';
import { namesInArchive, readArchiveNames } from './archive-names.ts';
import type { Convertible } from './convert.ts';

/**
 * The name that a docker archive has for its image, where its list has none.
 * @throws OciSaveError `list` where it has several, with all of them, or is compressed; `unsupported` where it is none;
 *   `local` where it cannot be read
 */
export async function nameInArchive(
  ref: string,
  { path: file, folders }: Extract<FileSource, { transport: 'docker-archive' }>,
): Promise<string | undefined> {
  const read = await readArchiveNames(file, folders).catch((cause: unknown) => {
    throw unreadable(file, cause);
  });
  if ('unread' in read) {
    if (read.unread === 'compressed') {
      throw new OciSaveError({
        code: 'list',
        message: `${ref}: it is compressed, so the names in it are not read`,
        hint: `Write '${ref}:NAME' with the name that it has there, or '${ref} => name:tag' where it has one image. Or uncompress it.`,
      });
    }
    const [fault, hint] = read.unread === 'no tar' ? NO_TAR : NO_MANIFEST;
    throw new OciSaveError({ code: 'unsupported', message: `${ref}: ${fault}`, hint });
  }
  const { names } = read;
  if (names.length < 2) return names[0];
  throw new OciSaveError({
    code: 'list',
    message: `${ref}: the archive has several names`,
    hint: `Name one of: ${names.join(', ')}. Write '${ref}:NAME' for each that you want.`,
  });
}

/** The archive's name in the folder where skopeo works: a `:` in the user's own path would mean a reference. */
const ARCHIVE = 'archive.tar';

/** An image in a tar as `docker save` writes it. */
export function dockerArchive(source: Extract<FileSource, { transport: 'docker-archive' }>): Convertible {
  const { path: file, folders, reference } = source;
  let opened: FileHandle | undefined;
  return {
    from: 'a docker archive',
    async failure(ref, result) {
      const error = archiveFailure(ref, result);
      const isNamed = error.code === 'not-found' || error.message.endsWith(SEVERAL);
      const names = isNamed ? await namesInArchive(file, folders) : [];
      if (names.length === 0) return error;
      const { code, cause } = error;
      const message = code === 'not-found' ? `${ref}: the archive has no image of this name` : error.message;
      return new OciSaveError({ code, message, hint: `Name one of: ${names.join(', ')}.`, cause });
    },
    async prepare(folder) {
      // Held open: a pipe is not waited for, and skopeo reads the very file whose folder was checked.
      opened = await openRegularFile(file, folders).catch((cause: unknown) => {
        throw unreadable(file, cause);
      });
      await symlink(await placeOf(file, opened), path.join(folder, ARCHIVE));
      const inside = reference === undefined ? '' : `:${formatReference(reference)}`;
      return { source: `docker-archive:${ARCHIVE}${inside}` };
    },
    async release() {
      await opened?.close();
    },
  };
}

function unreadable(file: string, cause: unknown): unknown {
  const code = systemCodeOf(cause);
  if (code === undefined) return cause;
  const gone = code === 'ENOENT' ? 'is not there' : `cannot be read (${code})`;
  return new OciSaveError({ code: 'local', message: `the archive ${file} ${gone}`, cause });
}

/**
 * Where skopeo finds the archive: on Linux the open file itself (proc(5)), which no link can change any more. Where /proc
 * is that of another namespace of processes, this process has another number there than its own.
 */
async function placeOf(file: string, opened: FileHandle): Promise<string> {
  if (process.platform !== 'linux') return path.resolve(file);
  return `/proc/${await readlink('/proc/self')}/fd/${opened.fd}`;
}
