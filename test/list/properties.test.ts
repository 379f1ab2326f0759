import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FORMATS } from '../../src/list/formats/formats.ts';
import type { ParsedList } from '../../src/list/index.ts';
import { formatReference, parseReference, type Reference } from '../../src/oci/reference.ts';
import { parsed, shownRequest } from '../support/parsed.ts';

/** A failure prints its seed, with which `fc.assert(…, { seed, path })` finds it again. */
const runs = (numRuns: number): { numRuns: number } => ({ numRuns });

const chars = (alphabet: string, minLength: number, maxLength: number): fc.Arbitrary<string> =>
  fc
    .array(fc.constantFrom(...alphabet.split('')), { minLength, maxLength })
    .map((letters) => letters.join(''));
const SMALL = 'abcxyz';
const component = fc
  .tuple(
    chars(`${SMALL}0189`, 1, 6),
    fc.array(fc.tuple(fc.constantFrom('.', '_', '__', '-', '---'), chars(`${SMALL}05`, 1, 4)), {
      maxLength: 2,
    }),
  )
  .map(([first, more]) => first + more.map((pair) => pair.join('')).join(''));
const domain = fc.oneof(
  fc
    .tuple(chars(SMALL, 1, 5), fc.constantFrom('.example', '.io', ':5000', '.b-c.example:443'))
    .map((parts) => parts.join('')),
  fc.constantFrom('localhost', 'docker.io', '[::1]:5000', '[fd00::1]', '127.0.0.1:80', 'Foo'),
);
const tag = fc
  .tuple(chars(`${SMALL}AZ09_`, 1, 1), chars(`${SMALL}AZ09_.-`, 0, 8))
  .map((parts) => parts.join(''));
const digest = chars('0123456789abcdef', 64, 64).map((hex) => `sha256:${hex}` as const);
const reference: fc.Arbitrary<Reference> = fc
  .record(
    {
      domain,
      path: fc.array(component, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/')),
      tag,
      digest,
    },
    { requiredKeys: ['domain', 'path'] },
  )
  .map((parts) =>
    parts.domain === 'docker.io' && !parts.path.includes('/')
      ? { ...parts, path: `library/${parts.path}` }
      : parts,
  );
/** As an entry of a list, whose tag is no word that an empty variable leaves. */
const entry = reference.map(formatReference);

describe('L1: a reference that is printed', () => {
  it('is the same when it is read again', () => {
    fc.assert(
      fc.property(reference, (given) => {
        expect(parseReference(formatReference(given))).toEqual(given);
        expect(formatReference(parseReference(formatReference(given)))).toBe(formatReference(given));
      }),
      runs(300),
    );
  });
});

interface Line {
  readonly name: string;
  readonly platform: string | undefined;
  readonly stored: string | undefined;
}
const line: fc.Arbitrary<Line> = fc.record({
  name: entry,
  platform: fc.option(
    fc.constantFrom('linux/arm64', 'linux/amd64,linux/arm/v6', 'all', 'windows/amd64:10.0.17763'),
    { nil: undefined },
  ),
  stored: fc.option(
    reference.map((name) => formatReference({ tag: '1', ...name, digest: undefined })),
    { nil: undefined },
  ),
});
const asLine = ({ name, platform, stored }: Line): string =>
  `${platform === undefined ? '' : `--platform=${platform} `}${name}${stored === undefined ? '' : ` => ${stored}`}`;
/** What a list asks for, in any order and wherever it stands. */
const wanted = (list: ParsedList): string[] => {
  expect(list.rejects).toEqual([]);
  return list.requests
    .map((request) => shownRequest({ ...request, origin: { file: '', line: 0 } }))
    .toSorted();
};

const BLANK = fc.constantFrom('', ' ', '\t', '  ', '\u00A0', '\u200B', '\uFEFF', ' \u2060');
const NOISE = fc.constantFrom(
  '',
  '  ',
  '# words: {{ x }} => y',
  '  # "',
  '// https://x.example',
  '\u200B',
  '##group',
  '---',
);
const END = fc.constantFrom('\n', '\r\n', '\r');
type Encoded = (text: string) => Uint8Array;
const ENCODINGS: readonly Encoded[] = [
  (text) => Buffer.from(text),
  (text) => Buffer.from(`\uFEFF${text}`),
  (text) => Buffer.from(`\uFEFF${text}`, 'utf16le'),
  (text) => Buffer.from(`\uFEFF${text}`, 'utf16le').swap16(),
];
const clothing = fc.record({
  before: BLANK,
  after: BLANK,
  noise: NOISE,
  comment: fc.boolean(),
  quotes: fc.constantFrom('', "'", '"'),
  bullet: fc.constantFrom('', '', '* '),
});

describe('L19: the requests of a plain list', () => {
  it('are the same in each encoding, with each line end, with blanks, comments, bullets and quotes, in any order', () => {
    const dressed = fc.array(fc.tuple(line, clothing, fc.nat()), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(dressed, END, fc.constantFrom(...ENCODINGS), fc.boolean(), (lines, end, encode, last) => {
        const bare = lines.map(([given]) => asLine(given));
        const other = lines
          .toSorted(([, , one], [, , two]) => one - two)
          .flatMap(([given, { before, after, noise, comment, quotes, bullet }]) => {
            const whole = given.platform === undefined && given.stored === undefined ? quotes : '';
            return [
              noise,
              `${before}${bullet}${whole}${asLine(given)}${whole}${after}${comment ? ' # why' : ''}`,
            ];
          });
        const text = `${other.join(end)}${last ? end : ''}`;
        expect(wanted(parsed(encode(text), { format: 'plain' }))).toEqual(
          wanted(parsed(bare.join('\n'), { format: 'plain' })),
        );
      }),
      runs(200),
    );
  });

  it('are those of the same list in YAML and JSON, as texts and as mappings', () => {
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 6 }), fc.boolean(), (lines, nested) => {
        const mappings = lines.map(({ name, platform, stored }) => ({ image: name, platform, as: stored }));
        const plain = wanted(parsed(lines.map(asLine).join('\n'), { format: 'plain' }));
        for (const entries of [lines.map(asLine), mappings]) {
          const value = nested ? { images: entries } : entries;
          expect(wanted(parsed(JSON.stringify(value, null, 2)))).toEqual(plain);
          const yaml = entries.map((item) => `${nested ? '  ' : ''}- ${JSON.stringify(item)}\n`).join('');
          expect(wanted(parsed(`${nested ? 'images:\n' : ''}${yaml}`))).toEqual(plain);
        }
      }),
      runs(60),
    );
  });
});

/** Lists of several kinds, which are cut, doubled and mixed below. */
const SEEDS = [
  'quay.io/a/b:1\n--platform=linux/arm64 x:2 => y:3\n# note\n- "c:1",\n',
  'images:\n  - image: quay.io/a/b\n    tags: [1.10, "2"]\n    platforms: [linux/arm64]\n  - &x {ref: "c:1", as: [d, e]}\n  - *x\n',
  'x-a: &a {platform: all}\nimages:\n  - {<<: *a, image: "q:1"}\n  - |\n    a:1\n    b:2\n---\n- c:1\n',
  '{"images": ["a:1", {"image": "b", "tag": "2", "digest": "sha256:00"}]}\n{"a": [1, null, "\\u0041"]}\n',
  'apiVersion: apps/v1\nkind: Deployment\nspec: {template: {spec: {containers: [{image: "a:1", env: [{name: X_IMAGE, value: "b/c:1"}]}]}}}\n',
  'services:\n  web: {image: "${X:-a:1}", build: .}\n',
  'kind: ZarfPackageConfig\ncomponents: [{name: a, images: ["b:1"]}]\n',
  'registry.example:\n  images: {a: ["1"], b: []}\n  images-by-tag-regex: {c: ^1}\n',
  'image,tag,platform\nquay.io/a/b,1,linux/arm64\n',
  '- registry: x.example\n  username: me\n  password: no\n  images: [a:1]\n',
  'quay.io/a/b:1,2: registry.example/a/b\nquay.io/a/c:/^v/: [registry.example/a/c]\n',
  'version: 1\nsync: [{source: a/b, target: c/d, type: repository, tags: {allow: ["v.*"]}}]\n',
  '[::1]:5000/a:1\n[config/images] Pulled b:1\nFROM x:1\n```\n',
];
const PIECES = [
  '',
  '\n',
  ' ',
  ':',
  '- ',
  '{',
  '}',
  '[',
  ']',
  '"',
  "'",
  '|',
  '&x ',
  '*x',
  '<<: *a\n',
  '=>',
  '@sha256:',
  '{{',
  '\t',
  ',',
  '#',
  '\u0000',
  '\uD800',
  '\r',
  '\uFEFF',
  '!!binary ',
  '?',
  '%',
  '---\n',
  '~',
  '[[[[[[[[',
  '__proto__: ',
  'constructor: ',
];
const mutated = fc
  .tuple(
    fc.constantFrom(...SEEDS),
    fc.constantFrom(...SEEDS),
    fc.array(fc.tuple(fc.nat(400), fc.nat(30), fc.constantFrom(...PIECES)), { maxLength: 6 }),
    fc.boolean(),
  )
  .map(([one, two, edits, joined]) =>
    edits.reduce(
      (text, [at, length, piece]) => text.slice(0, at) + piece + text.slice(at + length),
      joined ? one + two : one,
    ),
  );

describe('L8: any input', () => {
  const names = ['auto', 'auto', 'auto', 'plain', 'list', ...FORMATS.map(({ name }) => name)];

  /** What is unsound about how an input is read: a line that it does not have, an unknown format without its reason. */
  const unsound = (bytes: Uint8Array, format: string): string[] => {
    const list = parsed(bytes, { format });
    const lines = bytes.reduce((count, byte) => (byte === 10 || byte === 13 ? count + 1 : count), 1);
    const origins = [list.requests, list.rejects, list.candidates, list.warnings].flat();
    const lost = origins.filter(({ origin: { line: at } }) => at < 1 || at > lines + 1);
    const read = list.requests.length + list.candidates.length + list.tagRequests.length;
    const isRefused = read === 0 && list.rejects.length === 1;
    return [
      ...lost.map(({ origin }) => `line ${origin.line} of ${lines}`),
      ...(list.format === 'unknown' && !isRefused ? ['unknown, and not refused'] : []),
    ];
  };

  it('that is like a list gives requests or errors with lines', () => {
    fc.assert(
      fc.property(mutated, fc.constantFrom(...names), (text, format) => {
        expect(unsound(new TextEncoder().encode(text), format)).toEqual([]);
      }),
      runs(600),
    );
  });

  it('of bytes does, too', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 60 }),
        fc.constantFrom(...ENCODINGS, undefined),
        fc.constantFrom(...names),
        (bytes, encode, format) => {
          const encoded = encode === undefined ? bytes : encode(Buffer.from(bytes).toString('latin1'));
          expect(unsound(encoded, format)).toEqual([]);
        },
      ),
      runs(200),
    );
  });

  it('of structured values, as JSON and as YAML, does, too', () => {
    const key = fc.constantFrom(
      'images',
      'image',
      'name',
      'tag',
      'tags',
      'platform',
      'arch',
      'digest',
      'as',
      'kind',
      'spec',
      'x',
      '<<',
      'services',
      'source',
      '__proto__',
    );
    const leaf = fc.oneof(
      fc.constantFrom('a:1', '', 'x y', '~', '{{ a }}', 'linux/arm64', 'Foo/B', `sha256:${'0'.repeat(64)}`),
      fc.constant(null),
      fc.integer(),
      fc.boolean(),
    );
    const value = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        leaf,
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(key, tie('value'), { maxKeys: 4 }),
      ),
    })).value;
    fc.assert(
      fc.property(value, fc.constantFrom(...names), (given, format) => {
        expect(unsound(new TextEncoder().encode(JSON.stringify(given, null, 1)), format)).toEqual([]);
        const yaml = `images:\n - ${JSON.stringify(given)}\n - b:1 # x\n`;
        expect(unsound(new TextEncoder().encode(yaml), format)).toEqual([]);
      }),
      runs(300),
    );
  });
});
