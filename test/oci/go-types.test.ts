import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/oci/config.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { readJson } from '../../src/oci/json.ts';
import { parseImageManifest, parseManifest } from '../../src/oci/manifest.ts';
import { OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST } from '../../src/oci/media-type.ts';
import { descriptorOf, jsonBytes } from '../support/image.ts';

const bytes = new TextEncoder().encode('{}');
const platform = {
  architecture: 'amd64',
  os: 'linux',
  'os.version': '1',
  'os.features': ['a'],
  variant: 'v2',
  features: ['sse4'],
};
/** With every field that Go reads. */
const full = (mediaType: string): object =>
  descriptorOf(mediaType, bytes, {
    urls: ['https://example.com/'],
    annotations: { Digest: 'a name of the publisher’s own' },
    data: 'e30=',
    platform,
    artifactType: 'application/x',
  });
const common = {
  schemaVersion: 2,
  artifactType: '',
  annotations: { A: 'b', a: 'c' },
  unknown: { size: 1.5 },
};
const subject = full(OCI_MANIFEST);
const layers = [full(OCI_LAYER)];
const image = { ...common, mediaType: OCI_MANIFEST, config: full(OCI_CONFIG), layers, subject };
const index = { ...common, mediaType: OCI_INDEX, manifests: [full(OCI_MANIFEST)], subject };
const runs = {
  Hostname: '',
  Domainname: '',
  User: '1000',
  AttachStdin: false,
  AttachStdout: false,
  AttachStderr: false,
  ExposedPorts: { '80/tcp': {}, '81/tcp': null },
  Tty: false,
  OpenStdin: false,
  StdinOnce: false,
  Env: ['PATH=/bin'],
  Cmd: null,
  Healthcheck: {
    Test: ['NONE'],
    Interval: 30_000_000_000,
    Timeout: 1,
    StartPeriod: 1,
    StartInterval: 1,
    Retries: 3,
  },
  ArgsEscaped: true,
  Image: 'sha256:1',
  Volumes: { '/data': {} },
  WorkingDir: '/',
  Entrypoint: ['/bin/sh'],
  NetworkDisabled: true,
  MacAddress: '',
  OnBuild: [],
  Labels: { env: 'x', ENV: 'y' },
  StopSignal: 'SIGTERM',
  StopTimeout: 10,
  Shell: ['sh'],
};
const config = {
  created: '2026-02-28T23:59:59.123456789+01:00',
  author: '',
  architecture: 'amd64',
  os: 'linux',
  'os.version': '',
  'os.features': [],
  variant: '',
  config: runs,
  rootfs: { type: 'layers', diff_ids: [digestOf(bytes)] },
  history: [
    null,
    { created: '1970-01-01T00:00:00Z', created_by: 'x', author: '', comment: '', empty_layer: true },
  ],
  id: 'x',
  parent: '',
  comment: '',
  container: '',
  container_config: runs,
  docker_version: '20',
  Size: 0,
  'moby.buildkit.buildinfo.v1': 'e30=',
};

type Read = (text: string) => unknown;
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const readManifest: Read = (text) => parseManifest(encode(text));
const imageManifest = parseImageManifest(jsonBytes(image));
const readConfig: Read = (text) => parseConfig(encode(text), imageManifest);
const DOCUMENTS: readonly (readonly [what: string, json: object, read: Read])[] = [
  ['manifest', image, readManifest],
  ['index', index, readManifest],
  ['config', config, readConfig],
];
const refused = (words: RegExp): unknown =>
  expect.objectContaining({ code: 'unsupported', message: expect.stringMatching(words) });

/** Names in maps, which Go compares letter by letter, and what lies below names that nobody knows. */
const FREE = new Set(['annotations', 'Labels', 'ExposedPorts', 'Volumes', 'unknown']);
const UNKNOWN = new Set(['unknown', 'moby.buildkit.buildinfo.v1']);

/** Every known key of a document, as the path to it. */
function keysOf(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, one]) => [
    ...(Array.isArray(value) || UNKNOWN.has(key) ? [] : [[...path, key]]),
    ...(FREE.has(key) ? [] : keysOf(one, [...path, key])),
  ]);
}

/** The same document with one more key beside that of a path, or instead of it. */
function respelled(
  value: unknown,
  [key = '', ...rest]: readonly string[],
  as: string,
  beside: boolean,
): unknown {
  if (Array.isArray(value)) {
    return value.map((one: unknown, at) => (String(at) === key ? respelled(one, rest, as, beside) : one));
  }
  return Object.fromEntries(
    Object.entries(Object(value)).flatMap(([name, one]): [string, unknown][] => {
      if (name !== key) return [[name, one]];
      if (rest.length > 0) return [[name, respelled(one, rest, as, beside)]];
      return [...(beside ? [[name, one] satisfies [string, unknown]] : []), [as, one]];
    }),
  );
}

describe.each(DOCUMENTS)('One image: a %s that Go reads', (_what, json, read) => {
  it('is taken with every field, null for each that may be absent, and names that nobody knows', () => {
    expect(read(JSON.stringify(json))).toBeDefined();
    for (const [key] of Object.entries(json)) {
      if (['config', 'rootfs', 'manifests', 'layers'].includes(key)) continue;
      expect(read(JSON.stringify({ ...json, [key]: null }))).toBeDefined();
    }
  });

  it('found A10: is refused with any known key in another case, beside the right one or instead of it', () => {
    const known = keysOf(json);
    const spellings: Readonly<Record<string, string>> = { s: '\u017F', k: '\u212A' };
    fc.assert(
      fc.property(
        fc.constantFrom(...known),
        fc.array(fc.boolean(), { minLength: 32, maxLength: 32 }),
        fc.boolean(),
        fc.boolean(),
        (path, flips, folded, beside) => {
          const key = path.at(-1) ?? '';
          const as = key
            .split('')
            .map((letter, at) => {
              if (flips[at] !== true) return letter;
              const other = letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase();
              return folded ? (spellings[letter.toLowerCase()] ?? other) : other;
            })
            .join('');
          fc.pre(as !== key);
          // Without one of these it is another document, and refused for that.
          const words = beside ? /is spelled in another case, which containerd, docker and podman take/ : /./;
          const optional = ![
            'digest',
            'size',
            'config',
            'layers',
            'manifests',
            'diff_ids',
            'rootfs',
          ].includes(key);
          if (beside || optional) {
            expect(() => read(JSON.stringify(respelled(json, path, as, beside)))).toThrow(refused(words));
          }
        },
      ),
      { numRuns: 400 },
    );
  });

  it('found B5: is refused with so many keys in one object that reading it takes seconds', () => {
    const withKeys = (count: number): Uint8Array => {
      const keys = Array.from({ length: count }, (_, at) => `"${at}":0`);
      return Buffer.from(`{"annotations":{${keys.join()}}}`);
    };
    expect(readJson(withKeys(20_000))).toHaveProperty('value');
    expect(readJson(withKeys(20_001))).toEqual({ fault: 'an object has more than 20000 keys' });
  });

  it('found A10: is refused with a key that stands twice, also where one is escaped', () => {
    const text = JSON.stringify(json);
    const twice = /: a key stands twice in one object$/;
    for (const key of Object.keys(json)) {
      expect(() => read(`{${JSON.stringify(key)}:null,${text.slice(1)}`)).toThrow(refused(twice));
    }
    const [first = ''] = Object.keys(json);
    const escaped = `\\u00${first.charCodeAt(0).toString(16)}${first.slice(1)}`;
    expect(() => read(`{"${escaped}":null,${text.slice(1)}`)).toThrow(refused(twice));
  });
});

const manifestText = JSON.stringify(image);
const indexText = JSON.stringify(index);
const configText = JSON.stringify(config);

describe('found A10: what Go refuses fails its image', () => {
  it.each([
    ['a size with a fraction', '"size":2,', '"size":2.0,', /config\.size is not a number of bytes/],
    ['a size with an exponent', '"size":2,', '"size":2e0,', /config\.size is not a number of bytes/],
    ['a size with a large exponent', '"size":2,', '"size":20E-1,', /config\.size is not a number of bytes/],
    [
      'a version that is text',
      '"schemaVersion":2',
      '"schemaVersion":"two"',
      /: schemaVersion is not an integer$/,
    ],
    [
      'a version with a fraction',
      '"schemaVersion":2',
      '"schemaVersion":2.0',
      /: schemaVersion is not an integer$/,
    ],
    ['annotations that are a number', '{"A":"b","a":"c"}', '5', /: annotations is not an object$/],
    [
      'an annotation that is a number',
      '{"A":"b","a":"c"}',
      '{"A":5}',
      /: annotations has a value that is not text$/,
    ],
    ['data that is no base64', '"e30="', '"!!!!"', /: config\.data is not base64 \(sha256:/],
    ['data that is a number', '"e30="', '5', /: config\.data is not base64 \(sha256:/],
    [
      'features that are a number',
      '"os.features":["a"]',
      '"os.features":5',
      /: config\.platform\.os\.features is not a list/,
    ],
    ['a feature that is a number', '"os.features":["a"]', '"os.features":[5]', /os\.features\.0 is not text/],
    ['an index beside it', '"unknown"', '"Manifests":[],"unknown"', /: manifests is spelled in another case/],
    [
      'a history of schema 1',
      '"unknown"',
      '"history":[],"unknown"',
      /: history belongs to another kind of manifest/,
    ],
  ])('a manifest with %s', (_, from, to, words) => {
    expect(manifestText).toContain(from);
    expect(() => readManifest(manifestText.replace(from, to))).toThrow(refused(words));
  });

  it.each([
    ['layers', '"unknown"', '"layers":null,"unknown"', /those of an index$/],
    [
      'a child of another platform that it cannot read',
      '"e30="',
      '5',
      /: manifests\.0\.data is not base64 \(child 1, /,
    ],
    [
      'a child with two digests',
      '"digest"',
      '"Digest":5,"digest"',
      /: manifests\.0\.digest is spelled in another/,
    ],
  ])('an index with %s', (_, from, to, words) => {
    expect(() => readManifest(indexText.replace(from, to))).toThrow(refused(words));
  });

  it.each([
    ['a time in words', 'created', '"yesterday"', /its created is not a time of RFC 3339$/],
    ['an empty time', 'created', '""', /its created is not a time/],
    ['a time without seconds', 'created', '"2026-01-01T00:00Z"', /its created is not a time/],
    ['a day that is none', 'created', '"2026-02-29T00:00:00Z"', /its created is not a time/],
    ['a second that is none', 'created', '"2026-01-01T00:00:60Z"', /its created is not a time/],
    ['variables that are a number', 'config', '{"Env":5}', /its config\.Env is not a list$/],
    ['a command that is text', 'config', '{"Cmd":"sh"}', /its config\.Cmd is not a list$/],
    [
      'a port that is no object',
      'config',
      '{"ExposedPorts":{"80/tcp":true}}',
      /ExposedPorts has a value that is not an object$/,
    ],
    [
      'a number with a fraction',
      'config',
      '{"StopTimeout":1.0}',
      /its config\.StopTimeout is not an integer$/,
    ],
    ['a history that is text', 'history', '"x"', /its history is not a list$/],
    [
      'a digest that is none',
      'rootfs',
      '{"diff_ids":["nonsense"]}',
      /its rootfs\.diff_ids are not all sha256 digests$/,
    ],
    ['a system in another case', 'x', '1,"OS":5', /its os is spelled in another case/],
  ])('a config with %s', (_, key, value, words) => {
    const { [key]: _old, ...others } = config as Record<string, unknown>;
    const text = `{"${key}":${value},${JSON.stringify(others).slice(1)}`;
    expect(configText).not.toBe(text);
    expect(() => readConfig(text)).toThrow(refused(words));
  });
});
