import { randomUUID } from 'node:crypto';
import { type Digest, digestOf, hexOf, isDigest } from '../oci/digest.ts';

/** Changes when today's readers could not read what is written. */
const FORM = 'oci-save-v1';

/** The folder of all that is handed over to the cache, relative to the workspace. */
export const HANDOVER = '.oci-save';

const hexOfText = (text: string): string => hexOf(digestOf(new TextEncoder().encode(text)));

/** The list and the repository of a catalogue, as 64 hex digits that reveal neither. */
export function scopeOf(parts: readonly string[]): string {
  return hexOfText(JSON.stringify(parts));
}

/** All catalogues are in one folder: its name is part of an entry's identity. */
export const CATALOGUE_FOLDER = `${HANDOVER}/catalogue`;

/** Whose catalogue it is: a list's own is looked for first, then the newest of its repository. */
export interface CatalogueScope {
  /** 64 hex digits each, by `scopeOf`. */
  readonly repository: string;
  readonly list: string;
}

/** What the keys of a list's catalogues begin with; without one, of all catalogues of a repository. */
export function cataloguePrefix({ repository, list }: { repository: string; list?: string }): string {
  return `${FORM}-catalogue-${repository.slice(0, 16)}-${list === undefined ? '' : `${list}-`}`;
}

/**
 * A key that no entry has yet: the newest entry is read, and none can be replaced, so that content which comes back, or
 * replaces a damaged entry, needs one of its own. The hash at the end allows a reader to check what it gets.
 */
export function catalogueKey(scope: CatalogueScope, content: Digest): string {
  return `${cataloguePrefix(scope)}${randomUUID().replaceAll('-', '')}-${hexOf(content)}`;
}

/** The hash of a catalogue's content; undefined for a key of something else. */
export function contentOfKey(key: string): Digest | undefined {
  const digest = `sha256:${/-catalogue(?:-[0-9a-f]+){3}-([0-9a-f]{64})$/.exec(key)?.[1]}`;
  return isDigest(digest) ? digest : undefined;
}

/** A pack's identity: 64 hex digits that depend on the digests of its blobs and not on their order. */
export function packHex(digests: Iterable<Digest>): string {
  return hexOfText([...digests].toSorted().join('\n'));
}

/** A later form of a pack replaces an entry that holds something else: an entry itself cannot be replaced. */
export function packKey({ hex, form }: { readonly hex: string; readonly form: number }): string {
  return `${FORM}-pack-${hex}${form === 0 ? '' : `-${form}`}`;
}

export function packFolder({ hex }: { readonly hex: string }): string {
  return `${HANDOVER}/packs/${hex}`;
}

/** How a user removes an entry. */
export function deletion(key: string): string {
  return `gh cache delete ${key} removes it`;
}
