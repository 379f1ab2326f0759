import { type Digest, digestOf, hexOf, isDigest } from '../oci/digest.ts';

/** Changes when a reader of today could not read what is written. */
const FORM = 'oci-save-v1';

/** Everything that is handed over to the cache lies here, relative to the workspace. */
export const HANDOVER = '.oci-save';

const hexOfText = (text: string): string => hexOf(digestOf(new TextEncoder().encode(text)));

/** Which list of which repository a catalogue is about, as 64 hex digits that name neither. */
export function scopeOf(parts: readonly string[]): string {
  return hexOfText(JSON.stringify(parts));
}

/** All catalogues of a scope are in one folder: it is part of what the cache looks for. */
export const CATALOGUE_FOLDER = `${HANDOVER}/catalogue`;

/** What the keys of a scope's catalogues begin with. */
export function cataloguePrefix(scope: string): string {
  return `${FORM}-catalogue-${scope}-`;
}

/** The hash at the end lets a reader check what it gets, and is the same where nothing changed. */
export function catalogueKey(scope: string, content: Digest): string {
  return `${cataloguePrefix(scope)}${hexOf(content)}`;
}

/** The hash of a catalogue's content; undefined for a key of something else. */
export function contentOfKey(key: string, scope: string): Digest | undefined {
  const prefix = cataloguePrefix(scope);
  const digest = `sha256:${key.slice(prefix.length)}`;
  return key.startsWith(prefix) && isDigest(digest) ? digest : undefined;
}

/** A pack's identity: 64 hex digits of its blobs' digests, in whatever order they come. */
export function packHex(digests: Iterable<Digest>): string {
  return hexOfText([...digests].toSorted().join('\n'));
}

export function packKey(hex: string): string {
  return `${FORM}-pack-${hex}`;
}

export function packFolder(hex: string): string {
  return `${HANDOVER}/packs/${hex}`;
}
