import { createHash } from 'node:crypto';
import { type Digest, hexOf } from '../../oci/digest.ts';
import { openRecordFile } from './record-file.ts';

/** Where content comes from. */
export interface Origin {
  /** With its registry. */
  readonly repository: string;
  /** Whether credentials are sent there. */
  readonly isPrivate: boolean;
}

/**
 * From where this run has bytes: a repository, or another blob that has them in it, or of which they were made here.
 * Undefined for what was made or found on this machine.
 */
export type ContentOrigin = Origin | Digest | undefined;

/** Which repositories gave content of a store for credentials, and which of it this run may have. */
export type Origins = Awaited<ReturnType<typeof openOrigins>>;

/** The mark of content that a repository gave without credentials, too. */
const OPEN = 'open';

/** Hashed, since the names of repositories may be private. */
const markOf = (repository: string): string =>
  createHash('sha256').update(repository).digest('hex').slice(0, 16);

/**
 * Opens the origins of content, in `origins.jsonl`: the marks of the repositories that gave it for credentials. Content
 * without a mark came without any.
 * @param asks whether content with marks is hidden until this run has reached a repository that gave it
 */
export async function openOrigins(file: string, asks: boolean) {
  const records = await openRecordFile(file);
  const reached = new Set<string>();
  const brought = new Set<Digest>();
  const marksOf = (digest: Digest): string[] => records.get(hexOf(digest))?.split(' ') ?? [];
  const marksFrom = (from: Origin | Digest): string[] => {
    if (typeof from !== 'string') return [from.isPrivate ? markOf(from.repository) : OPEN];
    const marks = marksOf(from);
    return marks.length > 0 ? marks : [OPEN];
  };
  const reach = (repository: string): void => void reached.add(markOf(repository));
  return {
    /** This run has asked a repository for something, and it is there. */
    reach,
    /**
     * Records from where this run has all bytes of a blob. Before it gets its name, so that no kill comes between.
     * @param isHere whether it has its name already, and no prune takes it: one that was taken since this run read the
     *   marks has lost them
     */
    async note(digest: Digest, from: ContentOrigin, isHere: boolean): Promise<void> {
      if (from !== undefined) {
        const marks = marksOf(digest);
        const all = [...new Set([...marks, ...marksFrom(from)])];
        const isNew = !isHere || all.length > marks.length;
        if (isNew && all.some((mark) => mark !== OPEN))
          await records.append([[hexOf(digest), all.join(' ')]]);
        if (typeof from !== 'string') reach(from.repository);
      }
      brought.add(digest);
    },
    /** Whether it counts as missing: no repository that gave it was reached. */
    hides(digest: Digest): boolean {
      if (!asks || brought.has(digest)) return false;
      const marks = marksOf(digest);
      return marks.length > 0 && !marks.some((mark) => mark === OPEN || reached.has(mark));
    },
  };
}
