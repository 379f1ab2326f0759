import { OciSaveError } from '../../../errors.ts';
import {
  isOperatingSystem,
  parsePlatform,
  parsePlatformChoice,
  type PlatformChoice,
} from '../../../oci/platform.ts';
import { showText } from '../../../oci/reference-quote.ts';
import type { EntryParts } from '../../entry/entry.ts';
import type { Collector } from '../../entry/findings.ts';
import { stripBlanks } from '../../syntax/lines.ts';
import { LISTED_ENTRY_KEYS, refuseUnlistable } from './listed-keys.ts';
import {
  addUnknownKeys,
  ARCHITECTURE_KEYS,
  ENTRY_KEYS,
  IMAGE_KEYS,
  NAME_KEYS,
  PLATFORM_KEYS,
  TAG_KEYS,
} from './own-keys.ts';
import { textsOf } from '../fields.ts';
import { isLocalSource } from '../../entry/source.ts';
import { refusal } from '../../problems.ts';
import { fieldOf, type Mapping } from '../../syntax/tree.ts';
import { hint, option } from '../../../text/hint.ts';

/**
 * Adds the requests of one mapping: one, or one per tag. An unknown key is an error: somebody expects it to have an
 * effect.
 */
export function addOwnEntry(entry: Mapping, collector: Collector): void {
  const { rejects } = collector.found;
  const before = rejects.length;
  const checked = entry.entries.filter(({ key }) => !LISTED_ENTRY_KEYS.includes(key));
  addUnknownKeys(collector, checked, ENTRY_KEYS);
  // Then the unknown key is the reason why the image is missing.
  if (rejects.length > before && IMAGE_KEYS.every((key) => fieldOf(entry, key) === undefined)) return;
  const { line } = entry;
  try {
    refuseUnlistable(entry);
    const source = sourceOf(entry);
    const tags = tagsOf(entry, source);
    const parts = { ...partsOf(entry), source };
    if (tags === undefined) collector.addEntry(line, source, () => parts);
    for (const tag of tags ?? []) {
      collector.addEntry(line, `${source}:${tag}`, () => withTag(parts, tag, tags?.length ?? 0));
    }
  } catch (error) {
    if (!(error instanceof OciSaveError)) throw error;
    collector.addReject(line, error, imageText(entry));
  }
}

/** What may be quoted of an entry with a fault: its image, where that is text. */
function imageText(entry: Mapping): string | undefined {
  const [image] = IMAGE_KEYS.flatMap((key) => fieldOf(entry, key) ?? []);
  return image?.kind === 'scalar' ? stripBlanks(image.text) : undefined;
}

function sourceOf(entry: Mapping): string {
  if (fieldOf(entry, 'credentials') !== undefined) {
    throw refusal(
      'credentials of an entry are not supported',
      hint`Name the user of its repository with ${option('credentials')}.`,
    );
  }
  const given = IMAGE_KEYS.filter((key) => fieldOf(entry, key) !== undefined);
  const named = given.filter((key) => key !== 'name');
  if (named.length > 1) throw refusal(`both '${named[0]}' and '${named[1]}' name an image`);
  const [key] = given;
  const value = key === undefined ? undefined : fieldOf(entry, key);
  if (value === undefined) throw refusal('this entry does not name an image', 'Its key is `image`.');
  if (value.kind !== 'scalar') throw refusal(`'${key}' is not text`);
  return stripBlanks(value.text);
}

function tagsOf(entry: Mapping, source: string): readonly string[] | undefined {
  if (TAG_KEYS.every((key) => fieldOf(entry, key) === undefined)) return undefined;
  const tags = textsOf(entry, TAG_KEYS);
  if (tags.length === 0) throw refusal('its list of tags is empty', 'Write each tag.');
  if (isLocalSource(source)) throw refusal('only an image of a registry can have tags');
  return tags;
}

function withTag(parts: EntryParts, tag: string, count: number): EntryParts {
  const { source } = parts;
  if (source.includes('@') || /:[^:/]*$/.test(source.replace(/^[a-z]+:\/\//, ''))) {
    throw refusal('the reference names a tag or a digest, and so does the entry', 'Write it once.');
  }
  // It would turn the name into a registry: `a` with the tag `5000/b`.
  if (tag === '' || tag.includes('/')) throw refusal(`${showText(tag)} is not a tag`);
  if (count > 1 && parts.storedAs.some((name) => /:[^:/]*$/.test(name))) {
    throw refusal('several tags cannot be stored under one name', 'Leave the tag out of the stored name.');
  }
  return { ...parts, source: `${source}:${tag}` };
}

function partsOf(entry: Mapping): Omit<EntryParts, 'source'> {
  const [pin, ...more] = textsOf(entry, ['digest']);
  if (more.length > 0) throw refusal('it has more than one digest');
  return { pin, platforms: platformsOf(entry), storedAs: textsOf(entry, NAME_KEYS) };
}

function platformsOf(entry: Mapping): PlatformChoice | undefined {
  const platforms = textsOf(entry, PLATFORM_KEYS);
  const architectures = textsOf(entry, ARCHITECTURE_KEYS);
  const [system, ...more] = platforms;
  if (architectures.length === 0)
    return system === undefined ? undefined : parsePlatformChoice(platforms.join(','));
  if (system === undefined) return parsePlatformChoice(architectures.join(','));
  // `platform: linux` with `architecture: arm64`.
  if (more.length === 0 && isOperatingSystem(system)) {
    return parsePlatformChoice(architectures.map((architecture) => `${system}/${architecture}`).join(','));
  }
  const named = new Set(architectures.map((text) => parsePlatform(text).architecture));
  const choice = parsePlatformChoice(platforms.join(','));
  if (choice !== 'all' && choice.every(({ architecture }) => named.has(architecture))) return choice;
  throw refusal('its platform and its architecture disagree');
}
