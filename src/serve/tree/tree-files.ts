import { byText } from '../../text/by-text.ts';

/** A file of a tree, open. Its receiver closes it, whether it was read or not. */
export interface OpenFile {
  readonly size: number;
  /** Changes whenever the file is replaced or written to. */
  readonly stamp: string;
  /** The bytes from `start` to `end`, both included. A file that became shorter is an error. */
  read(start: number, end: number): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

/**
 * The files that a registry serves, by their paths below its root, with slashes: a folder of repositories on disk, or those
 * that follow from the lock of a bundle, wherever its blobs are.
 */
export interface TreeFiles {
  /** A regular file; undefined where there is none, or where something else has its name. */
  open(path: string): Promise<OpenFile | undefined>;
  /** The repositories, in the order of zot's walk. */
  repositories(): AsyncIterable<string>;
}

/**
 * Reads a file's bytes and closes it. Returns undefined where it is larger than `limit` bytes, or grows beyond the size that
 * it had when it was opened.
 */
export async function readAndClose(file: OpenFile, limit: number): Promise<Uint8Array | undefined> {
  try {
    if (file.size > limit) return undefined;
    const pieces: Uint8Array[] = [];
    for await (const piece of file.read(0, file.size - 1)) pieces.push(piece);
    return Buffer.concat(pieces);
  } finally {
    await file.close();
  }
}

/**
 * Whether zot's catalogue passes over a folder and all below it. It compares the end of the path, not a whole
 * component: `team/myblobs` is never listed, though it can be pulled (zot pkg/storage/imagestore, GetRepositories).
 */
export function isHiddenFolder(path: string): boolean {
  return path.endsWith('blobs') || path.endsWith('.uploads') || path.endsWith('.sync');
}

/** The order of zot's walk: folder by folder, each one's children sorted, so `a/b` comes before `a-b`. */
export function compareInWalkOrder(left: string, right: string): number {
  const [a, b] = [left.split('/'), right.split('/')];
  const at = a.findIndex((component, index) => component !== b[index]);
  return at < 0 ? a.length - b.length : byText(a[at] ?? '', b[at] ?? '');
}
