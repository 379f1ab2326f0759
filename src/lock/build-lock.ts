import { OciSaveError } from '../errors.ts';
import { type Digest, digestOf, shortDigest } from '../oci/digest.ts';
import { byText } from '../text/by-text.ts';
import { placeOf } from './names.ts';
import type { Lock, LockedImage } from './schema.ts';
import { areSame } from './tagged.ts';
import { hint, option } from '../text/hint.ts';

export interface LockInput {
  readonly image: LockedImage;
  readonly sizes: ReadonlyMap<Digest, number>;
  /** Where it was requested, `file:line`, for messages. */
  readonly origins: readonly string[];
}

/**
 * The lock of resolved images. Throws `list` where two images would be stored under one name, and `digest` where
 * two of them give different sizes for one blob.
 */
export function buildLock(inputs: readonly LockInput[]): Lock {
  refuseCollisions(inputs);
  // One source may be locked twice under one reference, with other digests and names.
  const images = inputs
    .map(({ image }) => image)
    .toSorted((a, b) => byText(a.ref, b.ref) || byText(a.names.join(), b.names.join()));
  const blobs = Object.fromEntries([...joinSizes(inputs)].toSorted(([a], [b]) => byText(a, b)));
  return { version: 1, images, files: [], blobs };
}

/** The lock's bytes: the same images give the same bytes, however the list is written. */
export function encodeLock(lock: Lock): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(lock, null, 2)}\n`);
}

/** A lock's sha256: the same images have the same one. */
export function digestOfLock(lock: Lock): Digest {
  return digestOf(encodeLock(lock));
}

function refuseCollisions(inputs: readonly LockInput[]): void {
  const byName = new Map<string, LockInput>();
  const collisions: string[] = [];
  for (const input of inputs) {
    for (const name of input.image.names) {
      const place = placeOf(name);
      const other = byName.get(place);
      if (other === undefined) byName.set(place, input);
      else if (!areSame(other.image, input.image)) {
        // Two locks may have one image for other platforms: then the digests alone would look the same.
        const isOneDigest = other.image.digest === input.image.digest;
        const [a, b] = [other, input].map((one) => describe(one, isOneDigest));
        collisions.push(`two images would be stored as ${name}: ${a} and ${b}`);
      }
    }
  }
  if (collisions.length === 0) return;
  throw new OciSaveError({
    code: 'list',
    message: collisions.join('\n'),
    hint: hint`Store one of them under another name (source => name); where ${option('naming')} makes their names the same, change that.`,
  });
}

function describe({ image, origins }: LockInput, withPlatforms: boolean): string {
  const platforms = image.platforms.length === 0 ? 'all platforms' : image.platforms.join(' and ');
  const taken = withPlatforms ? ` for ${platforms}` : '';
  return `${image.ref} (${shortDigest(image.digest)}${taken}, ${origins.join(', ')})`;
}

function joinSizes(inputs: readonly LockInput[]): Map<Digest, number> {
  const sizes = new Map<Digest, number>();
  for (const { image, sizes: own } of inputs) {
    for (const [digest, size] of own) {
      const known = sizes.get(digest) ?? size;
      if (known !== size) {
        throw new OciSaveError({
          code: 'digest',
          message: `${image.ref} says that blob ${shortDigest(digest)} has ${size} bytes; another image says ${known}`,
        });
      }
      sizes.set(digest, size);
    }
  }
  return sizes;
}
