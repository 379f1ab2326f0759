import { describe, expect, it } from 'vitest';
import { explainBundle } from '../../../src/bundle/index.ts';
import { affectedImages } from '../../../src/commands/verify/affected.ts';
import type { Lock, LockedImage } from '../../../src/lock/index.ts';
import { hexOf } from '../../../src/oci/digest.ts';
import { OCI_MANIFEST } from '../../../src/oci/media-type.ts';

const digest = (digit: string): `sha256:${string}` => `sha256:${digit.repeat(64)}`;
const layer = digest('f');

function image(name: string, digit: string): LockedImage {
  const manifest = digest(digit);
  return {
    ref: `docker.io/team/${name}:1`,
    names: [`docker.io/team/${name}:1`],
    source: 'docker',
    digest: manifest,
    mediaType: OCI_MANIFEST,
    root: manifest,
    rootMediaType: OCI_MANIFEST,
    platforms: ['linux/amd64'],
    leaves: [
      {
        digest: manifest,
        mediaType: OCI_MANIFEST,
        platform: 'linux/amd64',
        config: digest('c'),
        layers: [layer],
      },
    ],
    referrers: [],
  };
}

describe('V9: which images damage concerns', () => {
  it('found A6: are those of a repository for a copy of a shared blob that is served from there', () => {
    const lock: Lock = {
      version: 1,
      images: [image('one', '1'), image('two', '2')],
      files: [],
      blobs: { [digest('1')]: 1, [digest('2')]: 1, [digest('c')]: 1, [layer]: 1 },
    };
    const explained = explainBundle(lock, ['oci', 'zot'], new Map());
    const affected = affectedImages(lock, new Map());
    const blob = `blobs/sha256/${hexOf(layer)}`;
    const both = ['docker.io/team/one:1', 'docker.io/team/two:1'];
    expect(affected.byBlob(blob, explained)).toEqual(both);
    expect(affected.byBlob(`registry/docker.io/team/two/${blob}`, explained)).toEqual(both.slice(1));
    const alone = explainBundle(lock, ['zot'], new Map());
    expect(affected.byBlob(`docker.io/team/one/${blob}`, alone)).toEqual(both.slice(0, 1));
    expect(affected.byLayout('registry/docker.io/team/two/index.json', explained)).toEqual(both.slice(1));
    expect(affected.byLayout('index.json', explained)).toEqual(both);
  });
});
