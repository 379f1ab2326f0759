import { fixedFiles, joinPath } from './bundle-explanation.ts';
import type { FolderContent } from './folder-content.ts';
import { OCI_LAYOUT } from '../layout-files.ts';
import { LAYOUT_FILES, SERVER_FILES, UNFINISHED_FOLDERS } from './foreign-content.ts';
import { REGISTRY_FOLDER, type View } from '../tree.ts';

/** A blob, and one that was being copied. */
const BLOB = /^[0-9a-f]{64}(?:\.part)?$/;
const VIEWS: readonly View[][] = [['oci', 'zot'], ['oci'], ['zot']];

/** The files that every bundle has. */
const FIXED_FILES: ReadonlySet<string> = new Set(VIEWS.flatMap(fixedFiles));

/**
 * Whether a folder holds only what is left of a run that was killed while it wrote a bundle, or removed an old one: any
 * of a bundle's files, whole or cut off. The lock may be missing, so its files are recognised by their places, and the
 * layouts' own files by their bytes: other tools write them differently.
 * @param folder read with LAYOUT_FILES wanted
 */
export function isLeftover(folder: FolderContent): boolean {
  return fits(folder, '');
}

function fits({ files, folders, read }: FolderContent, at: string): boolean {
  const isExpected = (file: string): boolean => {
    if (at.endsWith('blobs/sha256')) return BLOB.test(file);
    if (LAYOUT_FILES.includes(file)) return isOfLayout(file, new TextDecoder().decode(read.get(file)));
    return isOfEveryBundle(at, file);
  };
  return (
    [...files].every(([file, kind]) => kind === 'file' && isExpected(file)) &&
    [...folders].every(
      ([folder, below]) => UNFINISHED_FOLDERS.has(folder) || fits(below, joinPath(at, folder)),
    )
  );
}

/** Empty where the run was killed before it wrote the content. */
function isOfLayout(file: string, text: string): boolean {
  if (file === 'oci-layout') return ['', OCI_LAYOUT].includes(text);
  return text === '' || /^\{\s*"schemaVersion":/.test(text);
}

function isOfEveryBundle(at: string, file: string): boolean {
  if ((at === '' || at === REGISTRY_FOLDER) && SERVER_FILES.has(file)) return true;
  return FIXED_FILES.has(joinPath(at, file));
}
