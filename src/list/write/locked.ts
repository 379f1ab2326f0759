import { isSparse, type LockedImage, splitName, taggedDigest } from '../../lock/index.ts';
import { digestTag } from '../../oci/digest.ts';
import { isIndexType } from '../../oci/media-type.ts';
import { parsePlatform, type PlatformChoice } from '../../oci/platform.ts';
import { nameOf, namesRegistry, parseReference } from '../../oci/reference.ts';
import type { WritableImage } from './form.ts';

/**
 * The entry of a list that asks for an image of a lock: by its digest, for its platforms, under its names.
 * @returns why there is none, where no list can ask for it
 */
export function entryOf(image: LockedImage): WritableImage | string {
  if (image.source !== 'docker') {
    return `it was read from a ${image.source}: source, and its lock does not say from which file`;
  }
  const bare = image.names.find((name) => !namesRegistry(name));
  if (bare !== undefined) {
    return `it is stored as ${bare}, a name without a registry, which a list cannot give`;
  }
  const reference = parseReference(image.ref);
  const own = `${nameOf(reference)}:${reference.tag ?? digestTag(taggedDigest(image))}`;
  const isOwn = image.names.length === 1 && image.names[0] === own;
  return {
    source: { transport: 'docker', reference: { ...reference, digest: image.digest } },
    platforms: choiceOf(image),
    storedAs: isOwn ? [] : image.names.map(storedName),
  };
}

function storedName(stored: string): WritableImage['storedAs'][number] {
  const { name, tag } = splitName(stored);
  return parseReference(`${name}:${tag}`);
}

/** The platforms one by one, or `all` where some children of a whole index cannot be told by their platforms. */
function choiceOf(image: LockedImage): PlatformChoice | undefined {
  const { mediaType, index, platforms, leaves } = image;
  const images = leaves.filter(({ attests }) => attests === undefined).map(({ platform }) => platform);
  const isWhole = isIndexType(mediaType) && index !== 'narrow' && !isSparse(image);
  if (isWhole && (images.includes(undefined) || new Set(images).size < images.length)) return 'all';
  return platforms.length === 0 ? undefined : platforms.map(parsePlatform);
}
