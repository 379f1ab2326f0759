import { fixedFiles, joinPath } from './bundle-explanation.ts';
import type { FolderContent } from './folder-content.ts';
import { OCI_LAYOUT } from '../layout-files.ts';
import { SERVER_FILES, UNFINISHED_FOLDERS } from './foreign-content.ts';
import { REGISTRY_FOLDER, type View } from '../tree.ts';

/** What every layout has. */
export const LAYOUT_FILES: readonly string[] = ['index.json', 'oci-layout'];
/** A blob, and one that was being copied. */
const BLOB = /^[0-9a-f]{64}(?:\.part)?$/;
const VIEWS: readonly View[][] = [['oci', 'zot'], ['oci'], ['zot']];

/** The files that every bundle has. */
const FIXED_FILES: ReadonlySet<string> = new Set(VIEWS.flatMap(fixedFiles));

/**
 * Whether a folder holds nothing but what a run leaves that was killed while it wrote a bundle, or removed an old one:
 * any of a bundle's files, whole or cut off. There may be no lock in it yet, or none any more, so its files are
 * recognised by their places, and the layouts' own files by their bytes: other tools write them differently.
 *
 * @param folder read with LAYOUT_FILES wanted
 */
export function isLeftover(folder: FolderContent): boolean {
  return fits(folder, '');
}

function fits({ files, folders, read }: FolderContent, at: string): boolean {
  const inPool = at.endsWith('blobs/sha256');
  return (
    [...files].every(
      ([file, kind]) =>
        kind === 'file' &&
        (inPool
          ? BLOB.test(file)
          : LAYOUT_FILES.includes(file)
            ? isOfLayout(file, new TextDecoder().decode(read.get(file)))
            : isOfEveryBundle(at, file)),
    ) &&
    [...folders].every(
      ([folder, below]) => UNFINISHED_FOLDERS.has(folder) || fits(below, joinPath(at, folder)),
    )
  );
}

/** Empty where a run was killed before it was written. */
function isOfLayout(file: string, text: string): boolean {
  if (file === 'oci-layout') return ['', OCI_LAYOUT].includes(text);
  return text === '' || /^\{\s*"schemaVersion":/.test(text);
}

function isOfEveryBundle(at: string, file: string): boolean {
  if ((at === '' || at === REGISTRY_FOLDER) && SERVER_FILES.has(file)) return true;
  return FIXED_FILES.has(joinPath(at, file));
}
