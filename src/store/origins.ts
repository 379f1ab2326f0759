import { createHash } from 'node:crypto';
import { type Digest, hexOf } from '../oci/digest.ts';
import { keepRecords, openRecordFile } from './record-file.ts';

/** Where content comes from. */
export interface Origin {
  /** With its registry. */
  readonly repository: string;
  /** Whether credentials are sent there. */
  readonly isPrivate: boolean;
}

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
  const reach = (repository: string): void => void reached.add(markOf(repository));
  return {
    /** This run has asked a repository for something, and it is there. */
    reach,
    /** Records from where this run has all bytes of a blob. Before it gets its name, so that no kill comes between. */
    async note(digest: Digest, origin: Origin | undefined): Promise<void> {
      if (origin !== undefined) {
        const marks = marksOf(digest);
        const mark = origin.isPrivate ? markOf(origin.repository) : OPEN;
        const isKnown = marks.includes(mark) || (mark === OPEN && marks.length === 0);
        if (!isKnown) await records.set([[hexOf(digest), [...marks, mark].join(' ')]]);
        reach(origin.repository);
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

/** Forgets blobs that are gone. */
export function forgetOrigins(file: string, gone: ReadonlySet<string>): Promise<void> {
  return keepRecords(file, (hex) => !gone.has(hex));
}
