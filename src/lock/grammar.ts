import { z } from 'zod';
import { OciSaveError } from '../errors.ts';
import { isDigest } from '../oci/digest.ts';
import { isIndexType, isManifestType, isMediaType } from '../oci/media-type.ts';
import { subjectOfCosignTag } from '../oci/referrer.ts';
import { formatPlatform, parsePlatform } from '../oci/platform.ts';
import { formatReference, namesRegistry, parseReference, type Reference } from '../oci/reference.ts';
import { MAX_REFERENCE, quoteText } from '../oci/reference-quote.ts';
import { repositoryPath, whyUnservable } from './names.ts';

/** The most characters of a path in a bundle. */
const MAX_PATH = 1024;

/** The characters of a platform and of an `os.version`. */
const PLATFORM = /^[\w./:+~-]{1,255}$/;

/** A folder or a file: no separator of any system, nothing that a terminal or a shell interprets, no `.` and `..`. */
const PATH_COMPONENT = /^(?!\.{1,2}$)[\p{L}\p{N}._+@=,~ -]+$/u;

/**
 * The reference that a text is the normal form of, or a name without a registry as lists write it; undefined for
 * anything else.
 */
function parseNormalForm(text: string): Reference | undefined {
  try {
    const reference = parseReference(text);
    return !namesRegistry(text) || formatReference(reference) === text ? reference : undefined;
  } catch (error) {
    if (error instanceof OciSaveError) return undefined;
    throw error;
  }
}

/** Whether a text is a normalised reference with a tag or a digest: what the lock calls an image of a registry. */
export function isReference(text: string): boolean {
  const { tag, digest } = parseNormalForm(text) ?? {};
  return namesRegistry(text) && (tag !== undefined || digest !== undefined);
}

/** Whether a text is a stored name, `repository:tag`, that zot can serve. */
export function isStoredName(text: string): boolean {
  const { tag, digest } = parseNormalForm(text) ?? {};
  if (tag === undefined || digest !== undefined) return false;
  return whyUnservable(repositoryPath(text.slice(0, -tag.length - 1))) === undefined;
}

/** Why an image cannot be stored under a name, which has no tag; undefined where it can. */
export function whyUnstorable(name: string): string | undefined {
  const why = whyUnservable(repositoryPath(name));
  if (why !== undefined) return why;
  return isStoredName(`${name}:tag`) ? undefined : `clients do not accept the name ${quoteText(name)}`;
}

/** Whether a text is a platform in its normal form. */
export function isPlatform(text: string): boolean {
  if (!PLATFORM.test(text)) return false;
  try {
    return formatPlatform(parsePlatform(text)) === text;
  } catch (error) {
    if (error instanceof OciSaveError) return false;
    throw error;
  }
}

/** Whether a text is a relative path that stays in its folder on every system. */
export function isFilePath(text: string): boolean {
  return text.length <= MAX_PATH && text.split('/').every((component) => PATH_COMPONENT.test(component));
}

/** A text with a grammar. `what` completes the sentence `it is not a valid …`. */
function checked(
  test: (text: string) => boolean,
  what: string,
  meta: Readonly<Record<string, unknown>>,
): z.ZodString {
  return z
    .string()
    .refine(test, { error: `is not a valid ${what}`, abort: true })
    .meta(meta);
}

export const referenceSchema = checked((text) => parseNormalForm(text) !== undefined, 'image reference', {
  maxLength: MAX_REFERENCE,
  description: 'the normalised reference; of a local source its stored name',
});
export const storedNameSchema = checked(isStoredName, 'stored name', {
  maxLength: MAX_REFERENCE,
  description: 'repository:tag',
});
export const platformSchema = checked(isPlatform, 'platform', {
  maxLength: 255,
  description: 'os/architecture[/variant][:os.version]',
});
export const filePathSchema = checked(isFilePath, 'relative path', {
  maxLength: MAX_PATH,
  description: 'relative, with slashes',
});
export const manifestTypeSchema = checked(
  (type) => isManifestType(type) || isIndexType(type),
  'media type of a manifest or an index',
  {},
);
export const leafTypeSchema = checked(isManifestType, 'media type of an image manifest', {});

/** A digest as the key of a map, or where a list of them is text alone. */
export const digestTextSchema = checked(isDigest, 'sha256 digest', { pattern: '^sha256:[0-9a-f]{64}$' });

export const artifactTypeSchema = checked(isMediaType, 'media type', {
  description: 'what kind of artifact it is, as registries list it',
});
export const cosignTagSchema = checked((text) => subjectOfCosignTag(text) !== undefined, 'tag of cosign', {
  description: 'the tag under which cosign finds it; absent where its manifest names its subject alone',
});
