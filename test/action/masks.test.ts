import { describe, expect, it } from 'vitest';
import { createMasks, secretsIn } from '../../src/action/masks.ts';

describe('secrets of a step', () => {
  it.each<[string, Record<string, string>, string[]]>([
    [
      'an address’s password, as written and decoded',
      { INPUT_SKOPEO: 'https://me:p%40ss@files.example/skopeo#00' },
      ['p%40ss', 'p@ss'],
    ],
    ['an address’s token', { INPUT_SKOPEO: 'https://t0ken@files.example/skopeo' }, ['t0ken', 't0ken']],
    ['a signature', { INPUT_SKOPEO: 'https://files.example/s?sig=x&e=1#00' }, ['sig=x&e=1']],
    ['a proxy’s password', { https_proxy: 'http://me:pw@proxy:3128' }, ['pw', 'pw']],
    [
      'a password before a host without a protocol, wherever it stands',
      {
        INPUT_IMAGES: 'a:1@sha256:00\n- image: "bob:s3cret@r.example/b:1"',
        INPUT_MIRRORS: 'q.io=me:pa55@localhost/x',
      },
      ['s3cret', 'pa55'],
    ],
    ['nothing of a depth', { INPUT_PUSH: 'r.example:5000@depth=2,r.example:5000/x@depth=3' }, []],
    [
      'nothing of a digest',
      { INPUT_IMAGES: 'docker://a/b@sha256:00 c/d:tag@sha512:00 r:5000/e:tag@sha256:00' },
      [],
    ],
    ['nothing of other variables', { ELSEWHERE: 'https://me:pw@host' }, []],
  ])('are %s', (_, env, secrets) => expect(secretsIn(env)).toEqual(secrets));
});

describe('masks', () => {
  function masksOf(...secrets: readonly string[]): {
    told: string[];
    warned: string[];
    hides: (text: string) => boolean;
  } {
    const [told, warned]: [string[], string[]] = [[], []];
    const masks = createMasks(
      (secret) => void told.push(secret),
      (message) => void warned.push(message),
    );
    secrets.forEach(masks.add);
    return { told, warned, hides: masks.hides };
  }

  it('are told once, line by line, and never empty', () => {
    const { told, warned } = masksOf('', ' \n', 'once', '{\n  "key": 1\r\n}', 'once');
    expect([told, warned]).toEqual([['once', '"key": 1'], []]);
  });

  it('found J5: hide nothing of less than four characters, and say so once', () => {
    const { told, warned } = masksOf('e', 'abc', 'a\nbcd', 'four');
    expect(told).toEqual(['four']);
    expect(warned).toEqual([expect.stringMatching(/less than four characters/)]);
  });

  it('found J5: tell which texts have a part that is hidden', () => {
    const { hides } = masksOf('bundle\nx');
    expect(['/work/oci-bundle', '/work/x', ''].map(hides)).toEqual([true, false, false]);
  });
});
