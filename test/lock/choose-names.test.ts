import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseNames, type Lock, type LockedImage, storedNames } from '../../src/lock/index.ts';
import type { Digest } from '../../src/oci/digest.ts';
import { parseReference } from '../../src/oci/reference.ts';
import { parseNamingRule } from '../../src/options/index.ts';
import { namesOf } from '../../src/resolve/wanted.ts';

const digest: Digest = `sha256:${'a'.repeat(64)}`;
const imageOf = (ref: string, ...names: string[]): LockedImage => ({
  ref,
  names: names.length === 0 ? [ref] : names,
  source: 'docker',
  digest,
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  root: digest,
  rootMediaType: 'application/vnd.oci.image.manifest.v1+json',
  platforms: [],
  leaves: [],
  referrers: [],
});
const lockOf = (...images: LockedImage[]): Lock => ({ version: 1, images, files: [], blobs: {} });
const FIVE = lockOf(
  imageOf('docker.io/library/busybox:1'),
  imageOf('docker.io/acme/app:1'),
  imageOf('docker.io/acme/app/ui:2'),
  imageOf('quay.io/acme/db:3'),
  imageOf('localhost:5000/own:1', 'team/own:7'),
);

const chosen = (lock: Lock, only: readonly string[], ...naming: string[]): string[] => {
  const { of } = chooseNames(lock, { only, naming: naming.map(parseNamingRule) });
  return lock.images.flatMap((image) => image.names.flatMap((stored) => of(image, stored)));
};

describe('the images that globs choose', () => {
  it.each([
    [['docker.io/acme/*'], ['docker.io/acme/app:1']],
    [['docker.io/acme/**'], ['docker.io/acme/app:1', 'docker.io/acme/app/ui:2']],
    [
      ['**/busybox:*', 'quay.io/**'],
      ['docker.io/library/busybox:1', 'quay.io/acme/db:3'],
    ],
    [['{quay,docker}.io/acme/{db,app}:[13]'], ['docker.io/acme/app:1', 'quay.io/acme/db:3']],
    [['team/own:7'], ['team/own:7']],
    [['**'], FIVE.images.flatMap(({ names }) => names)],
    [[], FIVE.images.flatMap(({ names }) => names)],
  ])('%j are %j', (only, names) => {
    expect(chosen(FIVE, only)).toEqual(names);
  });

  it('are an error that names each glob without one, whatever others match', () => {
    const choose =
      (...only: string[]) =>
      () =>
        chooseNames(FIVE, { only, naming: [] });
    expect(choose('quay.io/**', 'ghcr.io/**', '*')).toThrow(/under a name like 'ghcr.io\/\*\*', '\*'/);
    // Of the reference alone: the name that it is stored under counts.
    expect(choose('localhost:5000/**')).toThrow(/no image is stored/);
  });
});

describe('the names that rules give in place of stored ones', () => {
  it.each([
    [['strip-domain'], ['library/busybox:1', 'acme/app:1', 'acme/app/ui:2', 'acme/db:3', 'team/own:7']],
    [['strip-library'], ['busybox:1', 'acme/app:1', 'acme/app/ui:2', 'acme/db:3', 'team/own:7']],
    [
      ['docker.io/acme=apps', 'docker.io/acme/app/ui/=ui/'],
      ['docker.io/library/busybox:1', 'apps/app:1', 'ui:2', 'quay.io/acme/db:3', 'team/own:7'],
    ],
  ])('by %j are %j', (naming, names) => {
    expect(chosen(FIVE, [], ...naming)).toEqual(names);
  });

  it('add up, each once', () => {
    const [app] = FIVE.images.slice(1, 2);
    const lock = lockOf(app!);
    expect(chosen(lock, [], 'keep-domain', 'strip-domain', 'strip-library')).toEqual([
      'docker.io/acme/app:1',
      'acme/app:1',
    ]);
  });

  it('come from the reference where a save has stripped the registry from its name', () => {
    const lock = lockOf(
      imageOf('quay.io/acme/db:3', 'acme/db:3'),
      imageOf('docker.io/library/nginx:1', 'nginx:1'),
    );
    expect(chosen(lock, [], 'keep-domain')).toEqual(['quay.io/acme/db:3', 'docker.io/library/nginx:1']);
    expect(chosen(lock, [], 'quay.io/=q/')).toEqual(['q/acme/db:3', 'nginx:1']);
  });

  it('are those of a save with the same rules, for images without another name in the list', () => {
    const part = fc.stringMatching(/^[a-z][a-z0-9]{0,5}$/);
    const reference = fc
      .tuple(
        fc.constantFrom('docker.io', 'quay.io', 'r.example:5000'),
        fc.array(part, { minLength: 1, maxLength: 3 }),
      )
      .map(([domain, parts]) => parseReference(`${domain}/${parts.join('/')}:1`));
    const rule = fc.constantFrom(
      'keep-domain',
      'strip-domain',
      'strip-library',
      'docker.io/=a/',
      'quay.io=b/c',
    );
    fc.assert(
      fc.property(reference, fc.array(rule), (one, texts) => {
        const ref = `${one.domain}/${one.path}:1`;
        const naming = texts.map(parseNamingRule);
        const saved = namesOf(one, naming).map(({ name, tag }) => `${name}:${tag}`);
        expect(chosen(lockOf(imageOf(ref)), [], ...texts)).toEqual(saved);
        // From a bundle that was saved with other rules, too.
        const [stripped = ''] = storedNames(one, [{ kind: 'strip-domain' }]);
        const renamed = chosen(lockOf(imageOf(ref, `${stripped}:1`)), [], 'keep-domain', ...texts);
        expect(renamed).toEqual(
          namesOf(one, [{ kind: 'keep-domain' }, ...naming]).map(({ name }) => `${name}:1`),
        );
      }),
    );
  });

  it('found A16: tell the prefixes that apply to no chosen image', () => {
    const naming = ['quay.io/=q/', 'docker.io/acme=a', 'ghcr.io=g', 'strip-domain'].map(parseNamingRule);
    const idle = (only: string[]): readonly string[] => chooseNames(FIVE, { only, naming }).idle;
    expect(idle([])).toEqual(['ghcr.io=g']);
    expect(idle(['quay.io/**'])).toEqual(['docker.io/acme=a', 'ghcr.io=g']);
  });
});
