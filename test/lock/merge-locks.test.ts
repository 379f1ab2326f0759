import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  encodeLock,
  type Lock,
  type LockedImage,
  mergeLocks,
  parseLock,
  repositoryPath,
  splitName,
  taggedDigest,
} from '../../src/lock/index.ts';
import { anyLock } from '../support/random-locks.ts';

const text = (lock: Lock): string => new TextDecoder().decode(encodeLock(lock));

const repositoryOf = (name: string): string => repositoryPath(splitName(name).name);
const placeOf = (name: string): string => `${repositoryOf(name)}:${splitName(name).tag}`;

/** What each tag stands for, but for tags that a digest gave. */
function tagsOf({ images }: Lock): Map<string, string> {
  return new Map(
    images.flatMap((image) =>
      image.names
        .filter((name) => !name.includes(':digest-'))
        .map((name) => [placeOf(name), taggedDigest(image)]),
    ),
  );
}

/** What can be pulled by digest from each repository. */
function pullable({ images }: Lock): Set<string> {
  const all = (image: LockedImage): string[] => [
    taggedDigest(image),
    ...image.leaves.flatMap(({ digest, config, layers }) => [digest, config, ...layers]),
    ...image.referrers.map(({ digest }) => digest),
  ];
  return new Set(
    images.flatMap((image) =>
      image.names.flatMap((name) => all(image).map((digest) => `${repositoryOf(name)}@${digest}`)),
    ),
  );
}

const RUNS = { numRuns: 50 };

describe('V17: the lock of two bundles over one pool', () => {
  it('is written as it is read: kit/update.sh reads it as text', () => {
    fc.assert(
      fc.property(anyLock, (lock) => {
        expect(text(parseLock(encodeLock(lock), 'lock'))).toBe(text(lock));
      }),
      RUNS,
    );
  });

  it('has every tag of the newer bundle, and those of the older one that it has not', () => {
    fc.assert(
      fc.property(anyLock, anyLock, (older, newer) => {
        const merged = tagsOf(mergeLocks(older, newer));
        expect(merged).toEqual(new Map([...tagsOf(older), ...tagsOf(newer)]));
      }),
      RUNS,
    );
  });

  it('loses nothing that could be pulled by digest, and no two images have one name', () => {
    fc.assert(
      fc.property(anyLock, anyLock, (older, newer) => {
        const merged = mergeLocks(older, newer);
        const places = merged.images.flatMap(({ names }) => names.map(placeOf));
        expect(new Set(places).size).toBe(places.length);
        expect(pullable(merged)).toEqual(new Set([...pullable(older), ...pullable(newer)]));
        expect(Object.keys(merged.blobs)).toEqual(
          [...new Set([...Object.keys(older.blobs), ...Object.keys(newer.blobs)])].toSorted(),
        );
      }),
      RUNS,
    );
  });

  it('stays as it is when either bundle comes again, and with an empty one', () => {
    const empty: Lock = { version: 1, images: [], files: [], blobs: {} };
    fc.assert(
      fc.property(anyLock, anyLock, (older, newer) => {
        const merged = mergeLocks(older, newer);
        expect(text(mergeLocks(merged, newer))).toBe(text(merged));
        expect(text(mergeLocks(merged, merged))).toBe(text(merged));
        expect(text(mergeLocks(older, older))).toBe(text(older));
        expect(text(mergeLocks(merged, empty))).toBe(text(merged));
        expect(text(mergeLocks(empty, newer))).toBe(text(newer));
      }),
      RUNS,
    );
  });

  it('has the same tags and the same content in whichever order three bundles are joined', () => {
    fc.assert(
      fc.property(anyLock, anyLock, anyLock, (a, b, c) => {
        const [left, right] = [mergeLocks(mergeLocks(a, b), c), mergeLocks(a, mergeLocks(b, c))];
        expect(tagsOf(left)).toEqual(tagsOf(right));
        expect(pullable(left)).toEqual(pullable(right));
      }),
      RUNS,
    );
  });

  it('is a valid lock', () => {
    fc.assert(
      fc.property(anyLock, anyLock, (older, newer) => {
        const merged = mergeLocks(older, newer);
        expect(parseLock(encodeLock(merged), 'lock')).toEqual(merged);
      }),
      RUNS,
    );
  });
});
