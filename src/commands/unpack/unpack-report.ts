import type { Emit } from '../../events.ts';
import { VERSION } from '../../version.ts';
import type { Verdict } from '../verify/judge.ts';
import type { PartFault } from '../verify/observed.ts';
import type { Placed } from './place-files.ts';
import type { Copies, Written } from './write-entries.ts';

export interface UnpackIo {
  readonly emit: Emit;
  readonly signal: AbortSignal | undefined;
  readonly stdin: AsyncIterable<Uint8Array>;
  /** The system that is written to; that of this process by default. */
  readonly platform?: NodeJS.Platform | undefined;
}

/** What was unpacked, or why nothing was. */
export interface UnpackReport extends Omit<Verdict, 'state'> {
  readonly version: 1;
  readonly tool: { readonly name: 'oci-save'; readonly version: string };
  readonly archive: string;
  readonly output: string;
  /** Where it is `damaged`, nothing is left at the output. */
  readonly outcome: 'done' | 'damaged';
  readonly files: number;
  readonly bytes: number;
  /** Further names that became copies, where a file system knows no hard links. */
  readonly copies: Copies;
  /** The zot root that was made elsewhere. */
  readonly state?: string;
  readonly parts: readonly PartFault[];
  readonly broken?: string;
  /** What changed at a site to whose bundle it was joined. */
  readonly joined?: Joined;
  /** Which release a site serves since it was swapped. */
  readonly swapped?: Swapped;
}

/** What a join changed at a site. */
export interface Joined extends Placed {
  /** Stored names that only the newer bundle has. */
  readonly added: readonly string[];
  /** Stored names that are another image now. */
  readonly moved: readonly string[];
  /** Folders in `registry/` that were not there. */
  readonly registries: readonly string[];
}

/** What a swap changed at a site. */
export interface Swapped {
  /** The folder in `releases/` to which `current` leads now: the first digits of the lock's sha256. */
  readonly release: string;
  /** The one to which it led before. */
  readonly before?: string;
}

/** What was read, and whether it is whole. */
export function reportOf(
  { observed, copies }: Written,
  { damaged, foreign, images, lock, notes, linksMissing }: Verdict,
  names: Pick<UnpackReport, 'archive' | 'output'>,
): UnpackReport {
  const { entries, bytes, parts, broken } = observed;
  const isWhole = damaged.length === 0 && foreign.length === 0 && parts.length === 0 && broken === undefined;
  return {
    version: 1,
    tool: { name: 'oci-save', version: VERSION },
    ...names,
    outcome: isWhole ? 'done' : 'damaged',
    files: entries.size,
    bytes,
    copies,
    parts,
    ...(broken === undefined ? {} : { broken }),
    images,
    lock,
    damaged,
    foreign,
    notes,
    linksMissing,
  };
}
