import { describe, expect, it } from 'vitest';
import { createMask, secretsIn } from '../../src/action/masks.ts';

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
    ['nothing of a digest', { INPUT_IMAGES: 'docker://a/b@sha256:00' }, []],
    ['nothing of other variables', { ELSEWHERE: 'https://me:pw@host' }, []],
  ])('are %s', (_, env, secrets) => expect(secretsIn(env)).toEqual(secrets));
});

describe('a mask', () => {
  it('is told once, line by line, and never empty', () => {
    const told: string[] = [];
    const mask = createMask((secret) => void told.push(secret));
    for (const secret of ['', ' \n', 'one', '{\n  "key": 1\r\n}', 'one']) mask(secret);
    expect(told).toEqual(['one', '{', '  "key": 1', '}']);
  });
});
