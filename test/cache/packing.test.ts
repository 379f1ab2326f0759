import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { boundedContents, decodeCatalogue, encodeCatalogue } from '../../src/cache/catalogue.ts';
import {
  catalogueKey,
  cataloguePrefix,
  contentOfKey,
  packHex,
  packFolder,
  packKey,
  scopeOf,
} from '../../src/cache/keys.ts';
import {
  bytesOf,
  divideIntoPacks,
  MANY_PACKS,
  type Pack,
  PACK_BYTES,
  packOf,
  packsToKeep,
  planPacks,
  sumOf,
  within,
} from '../../src/cache/packing.ts';
import { type Digest, digestOf } from '../../src/oci/digest.ts';

const digestAt = (at: number): Digest => digestOf(Buffer.from(String(at)));
const PACK = 1000;

/** Blobs of which some come more than once; a digest has one size. */
const blobs = fc
  .array(fc.nat(60), { maxLength: 80 })
  .chain((ats) =>
    fc
      .array(fc.integer({ min: 1, max: 2 * PACK }), { minLength: 61, maxLength: 61 })
      .map((sizes) => ats.map((at) => ({ digest: digestAt(at), size: sizes[at]! }))),
  );

describe('packs of the cache', () => {
  it('hold every blob once, none above the bound but a blob alone, and the same for the same blobs', () => {
    fc.assert(
      fc.property(blobs, (given) => {
        const packs = divideIntoPacks(given, PACK);
        const packed = packs.flatMap((pack) => [...pack.blobs.keys()]);
        expect(packed.toSorted()).toEqual([...new Set(given.map(({ digest }) => digest))].toSorted());
        for (const pack of packs) {
          expect(bytesOf(pack) <= PACK || pack.blobs.size === 1).toBe(true);
          expect(pack.hex).toBe(packHex([...pack.blobs.keys()].toReversed()));
        }
        expect(divideIntoPacks(given, PACK)).toEqual(packs);
      }),
    );
  });

  it('stay while half of them is in use, and have short keys without commas', () => {
    const pack = packOf([
      { digest: digestAt(1), size: 500 },
      { digest: digestAt(2), size: 501 },
    ]);
    expect(packsToKeep([pack], new Set([digestAt(2)]))).toEqual([pack]);
    expect(packsToKeep([pack], new Set([digestAt(1)]))).toEqual([]);
    expect(packsToKeep([pack], new Set())).toEqual([]);
    const even = packOf([
      { digest: digestAt(1), size: 500 },
      { digest: digestAt(2), size: 500 },
    ]);
    expect(packsToKeep([even], new Set([digestAt(1)]))).toEqual([even]);
    // A pack of empty blobs has no half: in use or not, it goes.
    const empty = packOf([{ digest: digestAt(3), size: 0 }]);
    expect(packsToKeep([empty], new Set([digestAt(3)]))).toEqual([]);
    expect(packKey(pack)).toMatch(/^oci-save-v1-pack-[0-9a-f]{64}$/);
  });

  it('are filled up to the bound, by their blobs in the order given', () => {
    const sized = (at: number, size: number) => ({ digest: digestAt(at), size });
    const [a, b, c, d] = [sized(1, 600), sized(2, 400), sized(3, 1), sized(4, 1000)];
    expect(divideIntoPacks([a, b, c, d], PACK)).toEqual([packOf([a, b]), packOf([c]), packOf([d])]);
    expect(divideIntoPacks([], PACK)).toEqual([]);
  });

  it('are joined where they are many: the smaller half goes', () => {
    const many = Array.from({ length: MANY_PACKS + 2 }, (_, at) =>
      packOf([{ digest: digestAt(at), size: at + 1 }]),
    );
    const live = new Set(many.flatMap((pack) => [...pack.blobs.keys()]));
    const mixed = [...many.slice(10), ...many.slice(0, 10)];
    expect(packsToKeep(mixed, live)).toEqual(many.slice((MANY_PACKS + 2) / 2));
    const allowed = many.slice(0, MANY_PACKS);
    expect(packsToKeep(allowed, live)).toEqual(allowed);
  });

  it('are left out where they exceed the size of the cache, and only those', () => {
    const sized = (at: number, size: number): Pack => packOf([{ digest: digestAt(at), size }]);
    const packs = [sized(1, 600), sized(2, 600), sized(3, 300)];
    expect(within(packs, 100, PACK)).toEqual({ fitting: [packs[0], packs[2]], left: [packs[1]] });
    expect(within(packs, 101, PACK)).toEqual({ fitting: [packs[0]], left: [packs[1], packs[2]] });
  });
});

describe('a catalogue of the cache', () => {
  const catalogue = fc.record({
    contents: fc
      .array(fc.uint8Array({ maxLength: 40 }))
      .map((all) => new Map(all.map((bytes) => [digestOf(bytes), bytes]))),
    packs: blobs.map((given) => divideIntoPacks(given, PACK)),
    served: fc
      .array(fc.nat(1000))
      .map((ats) => new Map(ats.map((at) => [digestAt(at).slice(7), digestAt(at + 1)]))),
  });

  it('is read as it was written, whatever its order', () => {
    fc.assert(
      fc.property(catalogue, (given) => {
        const bytes = encodeCatalogue(given);
        const read = decodeCatalogue(bytes);
        expect(new Map([...read.contents].map(([digest, content]) => [digest, [...content]]))).toEqual(
          new Map([...given.contents].map(([digest, content]) => [digest, [...content]])),
        );
        expect(read.served).toEqual(given.served);
        expect(new Map(read.packs.map(({ hex, blobs: sizes }) => [hex, sizes]))).toEqual(
          new Map(given.packs.map(({ hex, blobs: sizes }) => [hex, sizes])),
        );
        const turned = {
          contents: new Map([...given.contents].toReversed()),
          packs: given.packs.toReversed(),
          served: new Map([...given.served].toReversed()),
        };
        expect(Buffer.compare(encodeCatalogue(turned), bytes)).toBe(0);
      }),
    );
  });

  it('is not trusted: content is keyed by its own hash', () => {
    const [right, wrong] = [digestAt(1), digestAt(2)];
    const text = JSON.stringify({
      version: 2,
      contents: { [wrong]: Buffer.from('1').toString('base64') },
      packs: [],
      served: {},
    });
    expect([...decodeCatalogue(Buffer.from(text)).contents.keys()]).toEqual([right]);
  });

  it('that cannot be read is an OciSaveError, whatever the bytes', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((text) => Buffer.from(text)),
        ),
        (bytes) => {
          expect(() => decodeCatalogue(bytes)).toThrow('it is not a catalogue');
        },
      ),
    );
  });

  it('leaves out the largest contents where there is too much, the same in any order', () => {
    const room = 40 * 1024 * 1024;
    const bytes = [
      Buffer.alloc(room - 10),
      Buffer.from('small'),
      Buffer.from('5 too'),
      Buffer.alloc(room - 9),
    ];
    const [most, small, other, large] = bytes.map((one) => [digestOf(one), one] as const);
    if (!(most && small && other && large)) throw new Error('there are four');
    const fives = [small, other].toSorted(([a], [b]) => (a < b ? -1 : 1));
    for (const given of [
      [large, most, small, other],
      [other, small, most, large],
    ])
      expect([...boundedContents(given).keys()]).toEqual([...fives, most].map(([digest]) => digest));
  });

  it('is written as the JSON that other versions of oci-save read', () => {
    const [b, a] = [digestAt(1), digestAt(2)].toSorted().toReversed();
    if (!(a && b)) throw new Error('there are two');
    const text = Buffer.from('text');
    const given = {
      contents: new Map([[digestOf(text), text]]),
      packs: [
        packOf([
          { digest: b, size: 2 },
          { digest: a, size: 1 },
        ]),
      ],
      served: new Map([['f'.repeat(64), b]]),
    };
    expect(Buffer.from(encodeCatalogue(given)).toString()).toBe(
      `{"version":2,"contents":{"${digestOf(text)}":"dGV4dA=="},"packs":[{"form":0,"blobs":{"${a}":1,"${b}":2}}],` +
        `"served":{"${'f'.repeat(64)}":"${b}"}}`,
    );
  });

  const pack = (blobs: object, form: unknown = 0) => ({ form, blobs });
  const SOUND = { version: 2, contents: {}, packs: [], served: {} };
  const readOf = (more: object) => () => decodeCatalogue(Buffer.from(JSON.stringify({ ...SOUND, ...more })));
  it.each<[string, object]>([
    ['another version', { version: 1 }],
    ['a field that nobody knows', { more: 1 }],
    ['no packs', { packs: undefined }],
    ['contents that are not in base64', { contents: { [digestAt(1)]: '!' } }],
    ['contents under a name that is no digest', { contents: { x: '' } }],
    ['more than a thousand packs', { packs: Array.from({ length: 1001 }, () => pack({})) }],
    ['a blob that is not named by its digest', { packs: [pack({ x: 1 })] }],
    ['a negative size', { packs: [pack({ [digestAt(1)]: -1 })] }],
    ['a size that is not whole', { packs: [pack({ [digestAt(1)]: 1.5 })] }],
    ['a form that is no number', { packs: [pack({}, 'x')] }],
    ['a form beyond all repairs', { packs: [pack({}, 1001)] }],
    ['a tag that is not hashed', { served: { 'registry.example/app:1': digestAt(1) } }],
    ['a tag with no digest', { served: { ['f'.repeat(64)]: 'latest' } }],
  ])('with %s is not read', (_, more) => {
    expect(readOf({ packs: Array.from({ length: 1000 }, () => pack({}, 1000)) })).not.toThrow();
    expect(readOf(more)).toThrow(
      expect.objectContaining({ code: 'digest', message: 'it is not a catalogue' }),
    );
  });

  it('has a key with its hash and nothing of the list', () => {
    const scope = {
      repository: scopeOf(['org/secret-repository']),
      list: scopeOf(['lists/customers.txt']),
    };
    const content = digestAt(1);
    const key = catalogueKey(scope, content);
    expect(key).not.toMatch(/secret|customers/);
    expect(key.length).toBeLessThan(512);
    expect(key.startsWith(cataloguePrefix(scope))).toBe(true);
    expect(key.startsWith(cataloguePrefix({ repository: scope.repository }))).toBe(true);
    expect(key.startsWith(cataloguePrefix({ ...scope, list: scopeOf(['another']) }))).toBe(false);
    expect(key.startsWith(cataloguePrefix({ repository: scopeOf(['org/other']) }))).toBe(false);
    expect(contentOfKey(key)).toBe(content);
    expect(contentOfKey(`${cataloguePrefix(scope)}short`)).toBeUndefined();
  });

  it('found K2: has a key that no earlier one had, also for the same content', () => {
    const scope = { repository: scopeOf(['a']), list: scopeOf(['b']) };
    expect(catalogueKey(scope, digestAt(1))).not.toBe(catalogueKey(scope, digestAt(1)));
  });

  it.each([
    ['objects', `{"version":2,"contents":{},"packs":[${'{},'.repeat(100_000)}{}],"served":{}}`],
    ['lists', `{"version":2,"contents":{},"packs":${'['.repeat(3000)}${']'.repeat(3000)},"served":{}}`],
    [
      'names',
      `{"version":2,"contents":{${Array.from({ length: 300_000 }, (_, at) => `"${at}":""`).join()}},"packs":[],"served":{}}`,
    ],
  ])('found K6: with more %s than any list needs is refused before it is parsed', (_, text) => {
    const parse = vi.spyOn(JSON, 'parse');
    try {
      expect(() => decodeCatalogue(Buffer.from(text))).toThrow('it is not a catalogue');
      expect(parse).not.toHaveBeenCalled();
    } finally {
      parse.mockRestore();
    }
  });
});

const blob = (at: number, size: number) => ({ digest: digestOf(Buffer.from(String(at))), size });
const none: ReadonlyMap<string, number> = new Map();

describe('planPacks', () => {
  it('packs only blobs that are in no pack yet', () => {
    const [old, fresh] = [blob(1, 100), blob(2, 200)];
    const plan = planPacks({ blobs: [old, fresh], whole: true }, [packOf([old])], none);
    expect(plan).toMatchObject({
      kept: [packOf([old])],
      fresh: [packOf([fresh])],
      excessBytes: 0,
    });
  });

  it('packs the blobs in use of a pack that is mostly unused anew, unless images failed', () => {
    const [used, gone] = [blob(1, 100), blob(2, 900)];
    const pack = packOf([used, gone]);
    expect(planPacks({ blobs: [used], whole: true }, [pack], none)).toMatchObject({
      kept: [],
      fresh: [packOf([used])],
    });
    expect(planPacks({ blobs: [used], whole: false }, [pack], none)).toMatchObject({
      kept: [pack],
      fresh: [],
    });
  });

  it('keeps what failed images have only as long as there is room for the rest', () => {
    const [used, gone, fresh] = [blob(1, 100), blob(2, 900), blob(3, 200)];
    const known = [packOf([used]), packOf([gone])];
    const input = { blobs: [used, fresh], whole: false };
    expect(planPacks(input, known, none, 1200)).toEqual({
      kept: known,
      fresh: [packOf([fresh])],
      excessBytes: 0,
    });
    expect(planPacks(input, known, none, 1199)).toEqual({
      kept: [packOf([used])],
      fresh: [packOf([fresh])],
      excessBytes: 0,
    });
  });

  it('found K5: saves a pack whose entry is wrong under the next key, whatever it holds', () => {
    const [a, b, c] = [blob(1, 100), blob(2, 200), blob(3, 2 * PACK_BYTES)];
    const spoilt = new Map([
      [packOf([a, b]).hex, 0],
      [packOf([c]).hex, 3],
    ]);
    const { fresh } = planPacks({ blobs: [a, b, c], whole: true }, [], spoilt);
    expect(fresh).toEqual([packOf([a, b], 1), packOf([c], 4)]);
    expect(new Set([...fresh, packOf([a, b]), packOf([c])].map(packKey)).size).toBe(4);
    expect(fresh.map(packFolder)).toEqual([packOf([a, b]), packOf([c])].map(packFolder));
  });

  it('leaves out what exceeds the limit, the packs that stay included', () => {
    const [old, fits, large] = [blob(1, 600), blob(2, 300), blob(3, PACK_BYTES)];
    const limit = 1000 + PACK_BYTES - 200;
    const plan = planPacks({ blobs: [old, fits, large], whole: true }, [packOf([old])], none, limit);
    expect(plan.fresh).toEqual([packOf([fits])]);
    expect(plan.excessBytes).toBe(sumOf([packOf([large])]));
  });
});
