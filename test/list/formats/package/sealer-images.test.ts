import { describe, expect, it } from 'vitest';
import { formatSource, parseList } from '../../../../src/list/index.ts';
import { formatPlatform } from '../../../../src/oci/platform.ts';

const A = `sha256:${'a'.repeat(64)}`;
const parse = (entries: unknown) =>
  parseList(new TextEncoder().encode(JSON.stringify(entries, null, 1)), 'images.json', {
    format: 'auto',
    defaultRegistry: 'docker.io',
  });
const shown = (entries: unknown) =>
  parse(entries).requests.map(({ source, platforms }) => [
    formatSource(source),
    platforms === undefined || platforms === 'all' ? platforms : platforms.map(formatPlatform),
  ]);
const amd64 = { architecture: 'amd64', os: 'linux' };
const arm64 = { architecture: 'arm64', os: 'linux', variant: 'v8' };

describe('L22: the images of a sealer image', () => {
  it('have an entry for each platform: one request', () => {
    const entries = [
      { image: 'docker.io/library/x:1', appName: '', platform: amd64 },
      {
        image: 'quay.io/a/b:1',
        appName: 'shop',
        platform: { architecture: 'amd64', os: 'windows', 'os.version': '10.0' },
      },
      { image: 'docker.io/library/x:1', appName: '', platform: arm64 },
      { image: 'docker.io/library/x:1', appName: '', platform: amd64 },
      { image: 'docker.io/library/x:1', appName: '' },
      { image: 'docker.io/library/x:1', appName: '', platform: {} },
      { image: 'docker.io/library/x:1', digest: A, allPlatforms: true },
    ];
    expect(parse(entries)).toMatchObject({ format: 'sealer-images', rejects: [], ignored: ['appName'] });
    expect(shown(entries)).toEqual([
      ['docker.io/library/x:1', ['linux/amd64', 'linux/arm64']],
      ['quay.io/a/b:1', ['windows/amd64:10.0']],
      ['docker.io/library/x:1', undefined],
      [`docker.io/library/x:1@${A}`, 'all'],
    ]);
  });

  it('are told from our own list by a platform that is a mapping', () => {
    expect(parse([{ image: 'x:1', platform: amd64 }]).format).toBe('sealer-images');
    expect(parse([{ image: 'x:1', platform: 'linux/amd64' }]).format).toBe('list');
  });

  it('are rejected one by one, at their lines', () => {
    const { rejects, requests } = parse([
      { image: 'x:1', appName: '' },
      'y:1',
      { appName: '' },
      { image: 'z:1', platform: 'linux' },
      { image: 'z:1', platform: { os: 'linux' } },
      { image: 'z:1', digest: 'sha256:1', platform: amd64 },
    ]);
    expect(requests).toHaveLength(1);
    expect(rejects.map(({ reason }) => reason)).toEqual([
      'this entry does not name an image',
      'this entry does not name an image',
      `'platform' is not a mapping`,
      `'linux' is not a valid platform`,
      'its digest is not a sha256 digest',
    ]);
  });
});
