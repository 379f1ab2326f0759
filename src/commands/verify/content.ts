import { OciSaveError } from '../../errors.ts';
import type { FileKind, FolderContent } from '../../bundle/index.ts';
import type { Observed, Seen } from './observed.ts';

/** A folder while it is filled. */
interface Growing {
  readonly files: Map<string, FileKind>;
  readonly folders: Map<string, Growing>;
  readonly read: Map<string, Uint8Array>;
}

/** A bundle of 10,000 images has some 60,000. */
const MAX_FOLDERS = 300_000;

/**
 * What was read, as the tree of folders that it is. A hard link of an archive is a file.
 * @throws OciSaveError `unsupported` where it has more folders than any bundle
 */
export function folderContent({ entries, kept }: Observed): FolderContent {
  const top = newFolder();
  let count = 0;
  for (const [path, seen] of entries) {
    const parts = path.split('/');
    const name = parts.pop() ?? '';
    let folder = top;
    for (const part of parts) {
      let next = folder.folders.get(part);
      if (next === undefined) {
        next = newFolder();
        folder.folders.set(part, next);
        count += 1;
      }
      if (count > MAX_FOLDERS)
        throw new OciSaveError({ code: 'unsupported', message: 'it has more folders than any bundle' });
      folder = next;
    }
    folder.files.set(name, kindOf(seen));
    const bytes = kept.get(path);
    if (bytes !== undefined) folder.read.set(name, bytes);
  }
  return top;
}

function newFolder(): Growing {
  return { files: new Map(), folders: new Map(), read: new Map() };
}

function kindOf(seen: Seen): FileKind {
  if (seen.kind !== 'fault') return 'file';
  return seen.isLink === true ? 'link' : 'other';
}
