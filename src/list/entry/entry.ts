import { isDigest, isLongerDigest } from '../../oci/digest.ts';
import type { PlatformChoice } from '../../oci/platform.ts';
import { isTag, type Reference, withDefaultTag } from '../../oci/reference.ts';
import { showText } from '../../oci/reference-quote.ts';
import type { ImageRequest, Origin, Source, TagRequest, TagSelection } from '../request.ts';
import { refusal } from '../problems.ts';
import { isLocalSource, parseName, parseSource, referenceIn, withReference } from './source.ts';

/** The parts of an entry, as written. */
export interface EntryParts {
  readonly source: string;
  /** A digest that was written next to the reference. */
  readonly pin?: string | undefined;
  readonly platforms?: PlatformChoice | undefined;
  readonly storedAs: readonly string[];
  /** The registry of a source without one, where the list names it. */
  readonly registry?: string | undefined;
}

/**
 * Completes an entry. `latest` is added where there is neither tag nor digest; a stored name takes its host from the
 * default registry and its tag from the source.
 * @throws OciSaveError `list` with the reason why it cannot be read
 */
export function toRequest(parts: EntryParts, origin: Origin, defaultRegistry: string): ImageRequest {
  const written = parts.source;
  const parsed = pin(parseSource(written, parts.registry ?? defaultRegistry), parts.pin);
  const source = withTag(parsed);
  const implicitTag = source !== parsed;
  const storedAs = parts.storedAs.map((name) => storedName(name, source, defaultRegistry));
  const platforms = parts.platforms === undefined ? {} : { platforms: parts.platforms };
  return { written, origin, source, ...platforms, storedAs, implicitTag };
}

/** The parts of an entry that asks for tags by a rule. */
export interface TagParts extends Pick<EntryParts, 'platforms' | 'storedAs'> {
  /** A reference without tag and digest, as written. */
  readonly repository: string;
  readonly selection: TagSelection;
}

/**
 * Completes an entry that asks for tags by a rule.
 * @throws OciSaveError `list` where its repository or a stored name has a tag or a digest, or cannot be read
 */
export function toTagRequest(parts: TagParts, origin: Origin, defaultRegistry: string): TagRequest {
  const { repository: written, selection } = parts;
  const source = parseSource(written, defaultRegistry);
  if (source.transport !== 'docker') throw refusal('only a repository of a registry has tags to choose from');
  const storedAs = parts.storedAs.map((name) => withoutTag(parseName(name, defaultRegistry), name));
  const platforms = parts.platforms === undefined ? {} : { platforms: parts.platforms };
  return {
    written,
    origin,
    repository: withoutTag(source.reference, written),
    selection,
    ...platforms,
    storedAs,
  };
}

function withoutTag(reference: Reference, written: string): Reference {
  const { tag, digest, otherDigest } = reference;
  if (tag === undefined && digest === undefined && otherDigest === undefined) return reference;
  throw refusal(`${showText(written)} names a tag or a digest, and its entry chooses tags by a rule`);
}

/** The source with the tag `latest` where its reference has neither tag nor digest. */
function withTag(source: Source): Source {
  const written = referenceIn(source);
  if (written === undefined) return source;
  const reference = withDefaultTag(written);
  return reference === written ? source : withReference(source, reference);
}

function pin(source: Source, text: string | undefined): Source {
  if (text === undefined) return source;
  if (!isDigest(text) && !isLongerDigest(text)) {
    throw refusal('its digest is not a sha256 digest', 'Write sha256: and 64 lower-case hex digits.');
  }
  if (source.transport !== 'docker') throw refusal('only an image from a registry can be pinned by a digest');
  const { digest, otherDigest } = source.reference;
  if ((digest ?? otherDigest ?? text) !== text) {
    throw refusal('the reference and the entry name different digests');
  }
  const pinned = isDigest(text) ? { digest: text } : { otherDigest: text };
  return { ...source, reference: { ...source.reference, ...pinned } };
}

function storedName(text: string, source: Source, defaultRegistry: string): Reference {
  if (text === '') throw refusal('the name under which it is stored is missing');
  if (/^(?!docker:)[a-z-]+:\/\//.test(text) || isLocalSource(text)) {
    throw refusal('an image is stored under a name, not at a path or address', 'Write name:tag.');
  }
  const reference = parseName(text.replace(/^docker:\/\//, ''), defaultRegistry);
  if (reference.digest !== undefined) {
    throw refusal(
      `${showText(text)} contains a digest, but an image is stored under a name`,
      'Write the digest with the source.',
    );
  }
  if (reference.tag !== undefined) return reference;
  const tag = tagOfSource(source);
  if (tag === undefined && source.transport !== 'docker') {
    throw refusal(`the stored name ${showText(text)} needs a tag`, 'Its source has none.');
  }
  return tag === undefined ? reference : { ...reference, tag };
}

function tagOfSource(source: Source): string | undefined {
  if ('name' in source) return source.name !== undefined && isTag(source.name) ? source.name : undefined;
  return referenceIn(source)?.tag;
}
