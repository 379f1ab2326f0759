import { describe, expect, it } from 'vitest';
import { setsOf } from '../../../support/list-sets.ts';

const DIGEST = `sha256:${'f'.repeat(64)}`;

const FILE = `auth:
  registry.example:
    username: ann
    password: "\${PASSWORD}"
  registry.example/team:
    username: ben
    password: secret
    insecure: true
  open.example: {username: "", password: ""}
  target.example: {username: cid, password: secret}
images:
  # https://registry.example/web
  registry.example/web:v1,v2: target.example/web
  registry.example:5000/api:1.10: [target.example/api, "target.example/api2:x"]
  registry.example/team/db: target.example/db
  registry.example/cache:/^7\\.(2|4)/.*/: target.example/cache
  registry.example/pin@${DIGEST}: target.example/pin
  "registry.example/both:1@${DIGEST}":
`;

describe('L15: an image-syncer file', () => {
  it('gives its sources, with several tags, a regular expression or every tag', () => {
    expect(setsOf(FILE, 'list.yaml', 'auto', { PASSWORD: 'four words' })).toEqual({
      format: 'image-syncer',
      requests: [
        '13 registry.example/web:v1',
        '13 registry.example/web:v2',
        '14 registry.example:5000/api:1.10',
        `17 registry.example/pin@${DIGEST}`,
        `18 registry.example/both:1@${DIGEST}`,
      ],
      tags: ['15 registry.example/team/db {}', '16 registry.example/cache {"allow":["^7\\\\.(2|4)/.*"]}'],
      warnings: [
        "5 the list asks not to verify 'registry.example/team': verification stays on, unless insecure-registries names the registry",
      ],
      logins: ['2 registry.example ann:four words', '5 registry.example/team ben:secret'],
      ignored: ['targets', 'users of targets'],
    });
  });

  it('may be the images alone, also in JSON', () => {
    const sets = {
      format: 'image-syncer',
      requests: ['2 quay.io/a/b:1'],
      tags: ['3 quay.io/a/c {}'],
      ignored: ['targets'],
    };
    expect(setsOf('# all\nquay.io/a/b:1: x.example/b\nquay.io/a/c: x.example/c\n')).toEqual(sets);
    expect(setsOf('{\n"quay.io/a/b:1": "x.example/b",\n"quay.io/a/c": ["x.example/c"]}')).toEqual(sets);
  });

  it('takes a regular expression of one character, and blanks behind commas', () => {
    const text = 'quay.io/a/b:/1/: x.example/b\n"quay.io/a/c:1, 2": x.example/c\n';
    expect(setsOf(text)).toMatchObject({
      requests: ['2 quay.io/a/c:1', '2 quay.io/a/c:2'],
      tags: ['1 quay.io/a/b {"allow":["1"]}'],
    });
  });

  it('fills a variable before it splits the tags', () => {
    const text = '${HUB}/a/b:${TAGS}: x.example/b\n${HUB}/a/c:${OTHER}: x.example/c\n';
    expect(setsOf(text, 'images.yaml', 'auto', { HUB: 'quay.io', TAGS: '1,2' })).toEqual({
      format: 'image-syncer',
      requests: ['1 quay.io/a/b:1', '1 quay.io/a/b:2'],
      rejects: ['2 the variable OTHER has no value'],
      ignored: ['targets'],
    });
  });

  it('does without a user whose variable has no value, and says so', () => {
    const text = 'auth:\n  quay.io: {username: a, password: $TOKEN}\nimages: {quay.io/a/b:1: x}\n';
    expect(setsOf(text).warnings).toEqual([
      "2 the user of 'quay.io' is not used: the variable TOKEN has no value",
    ]);
    expect(setsOf(text, 'images.yaml', 'auto', { TOKEN: 't' }).logins).toEqual(['2 quay.io a:t']);
  });

  it('joins a source that occurs twice, and says so', () => {
    expect(setsOf('quay.io/a/b:1: x.example/b\nquay.io/a/b:1: x.example/c\n')).toEqual({
      format: 'image-syncer',
      requests: ['1 quay.io/a/b:1'],
      warnings: ["2 the key 'quay.io/a/b:1' occurs twice; its values are joined"],
      ignored: ['targets'],
    });
  });

  it.each([
    ['quay.io/a/b:1,: x.example/b', "1 '' is not a tag"],
    ['quay.io/a/b:1,c/d: x.example/b', /not an image reference/],
    ['quay.io/a/b:1: {c: d}', '1 a target is not text'],
    ['https://quay.io/a/b:1: x.example/b', /references have no scheme/],
    ['quay.io/a/B: x.example/b', /not an image reference/],
    ['https://quay.io/a/: x.example/b', /references have no scheme/],
    ['quay.io/a/b:/x: x.example/b', /not an image reference/],
    ['quay.io/a/b://: x.example/b', /not an image reference/],
    ['":1": x.example/b', '1 this entry does not name an image'],
    ['":/1/": x.example/b', /not an image reference/],
    ['"": x.example/b', '1 this entry does not name an image'],
    [`quay.io/a/b:${'1,'.repeat(3000)}1: x.example/b`, '1 this entry is longer than 4096 characters'],
  ])('rejects %.60s with its line', (line, reason) => {
    const expected = typeof reason === 'string' ? reason : expect.stringMatching(reason);
    expect(setsOf(`images:\n  ${line}\nauth: {}\n`, 'images.yaml', 'image-syncer').rejects).toEqual([
      typeof expected === 'string' ? expected.replace(/^1/, '2') : expected,
    ]);
  });
});
