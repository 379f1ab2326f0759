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

/** What the keys of a scope's catalogues begin with. */
export function cataloguePrefix(scope: string): string {
  return `${FORM}-catalogue-${scope}-`;
}

/** The hash at the end allows a reader to check what it gets, and is the same where nothing changed. */
export function catalogueKey(scope: string, content: Digest): string {
  return `${cataloguePrefix(scope)}${hexOf(content)}`;
}

/** The hash of a catalogue's content; undefined for a key of something else. */
export function contentOfKey(key: string, scope: string): Digest | undefined {
  const prefix = cataloguePrefix(scope);
  const digest = `sha256:${key.slice(prefix.length)}`;
  return key.startsWith(prefix) && isDigest(digest) ? digest : undefined;
}

/** A pack's identity: 64 hex digits that depend on the digests of its blobs and not on their order. */
export function packHex(digests: Iterable<Digest>): string {
  return hexOfText([...digests].toSorted().join('\n'));
}

export function packKey(hex: string): string {
  return `${FORM}-pack-${hex}`;
}

export function packFolder(hex: string): string {
  return `${HANDOVER}/packs/${hex}`;
}
