import fc from 'fast-check';

const deep = (open: string, close: string, levels: number): string =>
  open.repeat(levels) + close.repeat(levels);

/** What a publisher may write where something else belongs, as JSON text; some of it is not JSON. */
const TEXTS = [
  'null',
  'true',
  '{}',
  '[]',
  '[null]',
  '[[]]',
  '[1,"x",{}]',
  '{"__proto__":{"config":{},"os":"linux"},"constructor":1}',
  deep('[', ']', 20_000),
  `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`,
  '-1',
  '0',
  '-0',
  '1.5',
  '1e308',
  '1e999',
  String(2 ** 44),
  String(2 ** 44 + 1),
  String(2 ** 53 - 1),
  String(2 ** 53),
  String(2 ** 60),
  '1,"size":2',
  '"x","mediaType":"y"',
  'NaN',
  'undefined',
  "'x'",
  '',
  `[${'"https://127.0.0.1:1/x",'.repeat(500)}"https://127.0.0.1:1/"]`,
  `{${Array.from({ length: 2000 }, (_, at) => `"k${at}":"v"`).join()}}`,
  '{"k":1}',
  '{"k":null}',
];

/** The same, as strings. */
const WORDS = [
  '',
  ' ',
  '1:2',
  'a/b',
  'a,b',
  'a b',
  '../..',
  'linux',
  'windows',
  'unknown',
  'LINUX',
  'amd64',
  'ä\u202E',
  '\u0000',
  '\u001B[31m\n::error::x',
  'Unexpected token',
  '\uD800',
  'x'.repeat(100_000),
  '__proto__',
  `sha256:${'A'.repeat(64)}`,
  `sha256:${'0'.repeat(64)}`,
  `sha256:${'0'.repeat(63)}`,
  `sha512:${'0'.repeat(128)}`,
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.v1+json',
  'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
  'application/octet-stream',
  'text/html; charset=utf-8',
  'attestation-manifest',
];

/** Text for one value of a JSON document. `digests` are those that other images and the same one have. */
export function hostileValue(digests: readonly string[]): fc.Arbitrary<string> {
  return fc.oneof(
    fc.constantFrom(...TEXTS),
    fc.constantFrom(...WORDS, ...digests).map((word) => JSON.stringify(word)),
    fc.json({ maxDepth: 2 }),
  );
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Invalid documents, made from a valid one. */
export const HOSTILE_DOCUMENTS: readonly ((document: string) => Uint8Array)[] = [
  () => new Uint8Array(),
  () => encode('not json'),
  () => encode('<html></html>'),
  () => encode('[]'),
  () => encode('1'),
  () => encode('null'),
  () => encode('"x"'),
  () => encode('{}'),
  () => encode('{"manifests":null}'),
  () => encode('{"manifests":[]}'),
  () => encode('{"schemaVersion":2,"manifests":[],"config":{}}'),
  () => encode(deep('[', ']', 100_000)),
  (document) => encode(`\uFEFF${document}`),
  (document) => encode(`${document}\u0000`),
  (document) => encode(document.slice(0, -2)),
  (document) => Uint8Array.from([...encode(document.slice(0, 2)), 0xff, 0xc3, ...encode(document.slice(2))]),
];
