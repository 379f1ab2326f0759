import { describe, expect, it } from 'vitest';
import { OciSaveError } from '../../../src/errors.ts';
import { createTokenCache, lifetimeOf } from '../../../src/registry/auth/token.ts';
import { failureOf } from '../support.ts';

describe('createTokenCache', () => {
  const settle = (): Promise<void> => Promise.resolve();
  const counted = (lifetime: number) => {
    let count = 0;
    return { fetch: () => Promise.resolve({ value: `t${(count += 1)}`, lifetime }), count: () => count };
  };

  it('shares one fetch among parallel requests and keeps its token until it is due', async () => {
    let clock = 100;
    const cache = createTokenCache({ now: () => clock, settle });
    const { fetch, count } = counted(50);
    expect(await Promise.all([cache.get('k', fetch), cache.get('k', fetch)])).toEqual(['t1', 't1']);
    clock = 149;
    expect(await cache.get('k', fetch)).toBe('t1');
    clock = 150;
    expect(await cache.get('k', fetch)).toBe('t2');
    expect(await cache.get('other', fetch)).toBe('t3');
    expect(count()).toBe(3);
  });

  it('N4: renews a refused token once, however many were refused with it', async () => {
    const cache = createTokenCache({ now: () => 0, settle });
    const { fetch, count } = counted(50);
    await cache.get('k', fetch);
    expect(
      await Promise.all([
        cache.get('k', fetch, { value: 't1', mayBeEarly: true }),
        cache.get('k', fetch, { value: 't1', mayBeEarly: true }),
      ]),
    ).toEqual(['t2', 't2']);
    expect(await cache.get('k', fetch, { value: 't1', mayBeEarly: true })).toBe('t2');
    expect(count()).toBe(2);
  });

  it.each([
    ['fresh', 0, true, true],
    ['almost two seconds old', 1999, true, true],
    ['two seconds old', 2000, true, false],
    ['fresh, and refused for what it does not allow', 0, false, false],
  ])(
    'found J1: after a refused token that is %s, the next one settles or not',
    async (_, age, mayBeEarly, waits) => {
      let clock = 5;
      const settled: string[] = [];
      const cache = createTokenCache({
        now: () => clock,
        settle: () => Promise.resolve(settled.push('once')),
      });
      const { fetch, count } = counted(10_000);
      await cache.get('k', fetch);
      clock += age;
      const refused = { value: 't1', mayBeEarly };
      expect(await Promise.all([cache.get('k', fetch, refused), cache.get('k', fetch, refused)])).toEqual([
        't2',
        't2',
      ]);
      expect([settled.length, count()]).toEqual([waits ? 1 : 0, 2]);
    },
  );

  it('keeps no failure', async () => {
    const cache = createTokenCache({ now: () => 0, settle });
    const failing = (): Promise<never> => Promise.reject(new OciSaveError({ code: 'network', message: 'x' }));
    await failureOf(cache.get('k', failing));
    expect(await cache.get('k', counted(1).fetch)).toBe('t1');
  });
});

describe('N4, case B10: lifetimeOf', () => {
  it.each([
    [undefined, 50_000],
    [null, 50_000],
    [300, 290_000],
    ['300', 290_000],
    [2, 1500],
    [0, 0],
    [-5, 0],
    [1e12, 86_390_000],
    ['soon', 50_000],
    [Number.NaN, 50_000],
  ])('of expires_in %s is %s ms', (expiresIn, expected) => {
    expect(lifetimeOf(expiresIn)).toBe(expected);
  });
});
