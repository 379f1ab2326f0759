import { describe, expect, it } from 'vitest';
import { parsed, rejectsOf, requestsOf } from '../../support/parsed.ts';

const D = `sha256:${'a'.repeat(64)}`;
const list = { format: 'list' };

describe('found L5: an entry of a YAML list', () => {
  it.each<[string, string[]]>([
    ['image: a:1', ['1: docker.io/library/a:1']],
    ['- image: a:1', ['1: docker.io/library/a:1']],
    [
      '- a:1\n- ref: b:1\n- {source: c:1}\n- {name: d}',
      [
        '1: docker.io/library/a:1',
        '2: docker.io/library/b:1',
        '3: docker.io/library/c:1',
        '4: docker.io/library/d:latest',
      ],
    ],
    ['- {name: web, image: a:1}', ['1: docker.io/library/a:1']],
    ['- {name: web, ref: a:1}', ['1: docker.io/library/a:1']],
    ['- {image: " a:1 "}', ['1: docker.io/library/a:1']],
    ['- {image: a, tag: 1.10}', ['1: docker.io/library/a:1.10']],
    ['- {image: a, tags: [1, " 2 "]}', ['1: docker.io/library/a:1', '1: docker.io/library/a:2']],
    ['- {image: a, tag: 1, tags: [2]}', ['1: docker.io/library/a:1', '1: docker.io/library/a:2']],
    ['- {image: a, tag: ~}', ['1: docker.io/library/a:latest']],
    ['- {image: "localhost:5000/a", tag: 1}', ['1: localhost:5000/a:1']],
    ['- {image: "docker://quay.io/a", tag: 1}', ['1: quay.io/a:1']],
    [`- {image: a, digest: "${D}"}`, [`1: docker.io/library/a@${D}`]],
    [`- {image: "a:1", digest: "${D}"}`, [`1: docker.io/library/a:1@${D}`]],
    [`- {image: a, tag: 1, digest: "${D}"}`, [`1: docker.io/library/a:1@${D}`]],
    ['- {image: "a:1", platform: linux/arm64}', ['1: linux/arm64 docker.io/library/a:1']],
    [
      '- {image: "a:1", platforms: [linux/arm64, "linux/amd64,linux/s390x"]}',
      ['1: linux/arm64,linux/amd64,linux/s390x docker.io/library/a:1'],
    ],
    ['- {image: "a:1", platform: all}', ['1: all docker.io/library/a:1']],
    ['- {image: "a:1", arch: arm64}', ['1: linux/arm64 docker.io/library/a:1']],
    ['- {image: "a:1", architecture: [arm64, amd64]}', ['1: linux/arm64,linux/amd64 docker.io/library/a:1']],
    [
      '- {image: "a:1", platform: linux, arch: [arm64, amd64]}',
      ['1: linux/arm64,linux/amd64 docker.io/library/a:1'],
    ],
    [
      '- {image: "a:1", platforms: [linux/arm64, linux/amd64], arch: [amd64, arm64]}',
      ['1: linux/arm64,linux/amd64 docker.io/library/a:1'],
    ],
    ['- {image: "a:1", as: b}', ['1: docker.io/library/a:1 => docker.io/library/b:1']],
    [
      '- {image: "a:1", target: b, destination: "c:2", names: ["x.example/d", "x.example/e:3"]}',
      [
        '1: docker.io/library/a:1 => docker.io/library/b:1 => docker.io/library/c:2 => x.example/d:1 => x.example/e:3',
      ],
    ],
    [
      '- {image: a, tags: [1, 2], as: [b, "localhost:5000/c"]}',
      [
        '1: docker.io/library/a:1 => docker.io/library/b:1 => localhost:5000/c:1',
        '1: docker.io/library/a:2 => docker.io/library/b:2 => localhost:5000/c:2',
      ],
    ],
    ['- {image: a, tags: [1], as: "b:2"}', ['1: docker.io/library/a:1 => docker.io/library/b:2']],
    ['- {image: "oci:layout:v1", as: b}', ['1: oci:layout v1 => docker.io/library/b:v1']],
    ['- image: a:1\n\n- image: b:1\n', ['1: docker.io/library/a:1', '3: docker.io/library/b:1']],
    [
      'image: a:1\n---\nimage: b:1\n---\n- c:1\n---\nimages: [d:1]\n---\n',
      [
        '1: docker.io/library/a:1',
        '3: docker.io/library/b:1',
        '5: docker.io/library/c:1',
        '7: docker.io/library/d:1',
      ],
    ],
    ['images: a:1', ['1: docker.io/library/a:1']],
    ['images:\n', []],
    ['images: {image: a:1}', ['1: docker.io/library/a:1']],
    [
      '- "a:1 => b:1"\n- --platform=linux/arm64 c:1',
      ['1: docker.io/library/a:1 => docker.io/library/b:1', '2: linux/arm64 docker.io/library/c:1'],
    ],
    [
      '- |\n  a:1\n\n  # more\n  b:1\n- |\n  c:1\n',
      ['2: docker.io/library/a:1', '5: docker.io/library/b:1', '7: docker.io/library/c:1'],
    ],
    ['- "a:1"', ['1: docker.io/library/a:1']],
    ['a:1', ['1: docker.io/library/a:1']],
    ['x-note: any\nx-other: {}\nimages: [a:1]', ['3: docker.io/library/a:1']],
  ])('is read: %j', (text, requests) => {
    expect(rejectsOf(text, list)).toEqual([]);
    expect(requestsOf(text, list)).toEqual(requests);
  });

  it.each<[string, string[]]>([
    ['- {image: "a:1", ref: "b:1"}', [`1: 'a:1' both 'image' and 'ref' name an image`]],
    ['- {as: b}', ['1: this entry does not name an image (Its key is `image`.)']],
    ['- {image: ~, as: b}', ['1: this entry does not name an image (Its key is `image`.)']],
    ['- {image: {a: b}}', [`1: 'image' is not text`]],
    ['- {image: [a]}', [`1: 'image' is not text`]],
    ['- {name: {a: b}, as: c}', [`1: 'name' is not text`]],
    [
      '- {image: "a:1", name: {b: c}, digest: x}',
      [`1: 'a:1' its digest is not a sha256 digest (Write sha256: and 64 lower-case hex digits.)`],
    ],
    ['- {image: a, tags: []}', [`1: 'a' its list of tags is empty (Write each tag.)`]],
    ['- {image: a, tags: [{b: c}]}', [`1: 'a' 'tags' is neither text nor a list of texts`]],
    ['- {image: a, tag: {b: c}}', [`1: 'a' 'tag' is neither text nor a list of texts`]],
    ['- {image: "oci:x", tag: 1}', [`1: 'oci:x' only an image of a registry can have tags`]],
    [
      '- {image: "a:1", tag: 2}',
      [`1: 'a:1:2' the reference names a tag or a digest, and so does the entry (Write it once.)`],
    ],
    [
      `- {image: "a@${D}", tag: 2}`,
      [
        expect.stringMatching(
          / the reference names a tag or a digest, and so does the entry \(Write it once\.\)$/,
        ),
      ],
    ],
    [
      '- {image: "docker://a:1", tag: 2}',
      [
        expect.stringMatching(
          / the reference names a tag or a digest, and so does the entry \(Write it once\.\)$/,
        ),
      ],
    ],
    ['- {image: a, tag: ""}', [`1: 'a:' '' is not a tag`]],
    ['- {image: a, tag: 5000/b}', [`1: 'a:5000/b' '5000/b' is not a tag`]],
    [
      '- {image: a, tags: [1, 2], as: "b:3"}',
      [
        `1: 'a:1' several tags cannot be stored under one name (Leave the tag out of the stored name.)`,
        `1: 'a:2' several tags cannot be stored under one name (Leave the tag out of the stored name.)`,
      ],
    ],
    [`- {image: a, digest: ["${D}", "${D}"]}`, [`1: 'a' it has more than one digest`]],
    [
      '- {image: "a:1", platform: linux/arm64, arch: amd64}',
      [`1: 'a:1' its platform and its architecture disagree`],
    ],
    [
      '- {image: "a:1", platforms: [linux/arm64, linux/amd64], arch: amd64}',
      [`1: 'a:1' its platform and its architecture disagree`],
    ],
    [
      '- {image: "a:1", platforms: [linux, windows], arch: amd64}',
      [expect.stringMatching(/^1: 'a:1' 'linux' is not a valid platform/)],
    ],
    [
      '- {image: "a:1", platform: [[linux/arm64]]}',
      [`1: 'a:1' 'platform' is neither text nor a list of texts`],
    ],
    [
      '- {image: "a:1", credentials: me}',
      [
        `1: 'a:1' credentials of an entry are not supported (Name the user of its repository with --credentials.)`,
      ],
    ],
    ['- {image: "a:1", as: [[b]]}', [`1: 'a:1' 'as' is neither text nor a list of texts`]],
    ['- {image: "Foo/BAR"}', [expect.stringMatching(/^1: 'Foo\/BAR' .*lower case/)]],
    ['- [a:1]', ['1: an entry cannot be a list']],
    ['- quay.io/a/b:', [expect.stringMatching(/^1: 'quay\.io\/a\/b:' .*the tag is missing after the colon/)]],
    [
      '- {image: a, platfrom: x}',
      [`1: 'platfrom' the key 'platfrom' is unknown (Did you mean 'platform'?)`.replace("'platfrom' ", '')],
    ],
    ['- {x-note: a}', [expect.stringMatching(/^1: the key 'x-note' is unknown/)]],
    ['images: [a:1]\nfoo: bar', [`2: the key 'foo' is unknown (The known keys are images.)`]],
    [
      'images: [a:1]\npassword: x',
      [
        `2: the key 'password' is unknown (Lists do not contain logins: name users with --credentials, or log in before the run.)`,
      ],
    ],
    ['- {image: a, PassWd: x}', [expect.stringMatching(/Lists do not contain logins/)]],
    ['- {image: a, alias: x}', [`1: the key 'alias' is unknown (The key is 'as' here.)`]],
    ['- {image: a, newTag: x}', [`1: the key 'newTag' is unknown (The key is 'tag' here.)`]],
    ['- {image: a, OS: x}', [`1: the key 'OS' is unknown (The key is 'platform' here.)`]],
    ['- {image: a, sha: x}', [`1: the key 'sha' is unknown (The key is 'digest' here.)`]],
    ['- {repository: a}', [`1: the key 'repository' is unknown (The key is 'image' here.)`]],
    ['- {image: a, "two words": x}', [expect.stringMatching(/^1: the key of 9 characters is unknown/)]],
    [
      '- {image: a, zzzzz: x}',
      [expect.stringMatching(/^1: the key 'zzzzz' is unknown \(The known keys are image, ref, /)],
    ],
  ])('is refused with its line and its reason: %j', (text, rejects) => {
    expect(rejectsOf(text, list)).toEqual(rejects);
  });

  it('has no request of a mapping whose image is under an unknown key', () => {
    expect(parsed('- {imgae: a:1, tagz: x}', list)).toMatchObject({
      requests: [],
      rejects: [{ reason: "the key 'imgae' is unknown" }, { reason: "the key 'tagz' is unknown" }],
    });
  });

  it('that names its image is read beside its unknown keys: both faults are reported at once', () => {
    expect(rejectsOf('- {image: Foo/BAR, tagz: x}', list)).toEqual([
      expect.stringMatching(/the key 'tagz' is unknown/),
      expect.stringMatching(/lower case/),
    ]);
  });

  it('that repeats a key is told, and read', () => {
    const { warnings, rejects } = parsed(
      '- image: a:1\n  tags: ~\n- image: b\n  tags: [1]\n  tags: [2]\n',
      list,
    );
    expect(rejects).toEqual([]);
    expect(warnings.map(({ origin, message }) => [origin.line, message])).toEqual([
      [5, "the key 'tags' occurs twice; its values are joined"],
    ]);
  });

  it('is not read where the document has a fault, and the fault is reported', () => {
    expect(parsed('- a:1\n- *b\n', list)).toMatchObject({
      requests: [],
      rejects: [{ origin: { line: 2 }, reason: 'an alias refers to no anchor before it' }],
    });
  });
});

describe('found L4: our own list', () => {
  it.each([
    ['[]', 'list'],
    ['- {foo: bar}\n- a:1\n', 'list'],
    ['images: []\n', 'list'],
    ['images:\n  - {foo: bar}\n  - a:1\n', 'list'],
    ['images: ~\n', 'list'],
    ['images: text\n', 'list'],
    ['image: a:1\n', 'list'],
    ['ref: a:1\n', 'list'],
    ['source: a:1\n', 'list'],
    ['name: a\n', 'list'],
    ['imgae: a:1\n', 'list'],
    ['imags: [a:1]\n', 'list'],
    ['- quay.io/a/b:\n- {foo: bar}\n', 'list'],
    ['a: b\n---\nimage: a:1\n', 'list'],
    ['- {image: {a: b}}\n', 'unknown'],
    ['- {foo: bar}\n', 'unknown'],
    ['images: [{foo: bar}]\n', 'unknown'],
    ['imags: []\n', 'unknown'],
    ['imagesx: text\n', 'unknown'],
    ['imags: [{foo: bar}]\n', 'unknown'],
    ['imgae: {a: b}\n', 'unknown'],
    ['image: {a: b}\n', 'unknown'],
    ['- [a]\n', 'unknown'],
    ['- image:\n', 'unknown'],
    ['- {a: ~, b: ~}\n', 'unknown'],
    ['a: {b: c}\n', 'unknown'],
  ])('is recognised by its entries: %j', (text, format) => {
    expect(parsed(text).format).toBe(format);
  });

  it.each([
    ['{image: a:1, transport: docker-archive}', "it was read from a 'docker-archive' source"],
    ['{image: a:1, names: ["own:1"]}', "the stored name 'own:1' has no registry"],
  ])('of a list that was printed is refused where a list cannot say it: %s', (entry, reason) => {
    const { rejects } = parsed(`images:\n  - ${entry}\n`, list);
    expect(rejects.map((one) => [one.origin.line, one.reason])).toEqual([
      [2, expect.stringContaining(reason)],
    ]);
  });
});
