import { describe, expect, it } from 'vitest';
import { formatSource, parseList } from '../../../../src/list/index.ts';
import { formatPlatform } from '../../../../src/oci/platform.ts';
import { formatReference } from '../../../../src/oci/reference.ts';

const A = `sha256:${'a'.repeat(64)}`;
const B = `sha256:${'b'.repeat(64)}`;
const parse = (text: string) =>
  parseList(new TextEncoder().encode(text), 'images.yml', { format: 'auto', defaultRegistry: 'docker.io' });
const shown = (text: string) =>
  parse(text).requests.map(({ origin, source, platforms, storedAs }) => [
    origin.line,
    formatSource(source),
    platforms === undefined || platforms === 'all' ? platforms : platforms.map(formatPlatform),
    storedAs.map(formatReference),
  ]);
const HEAD = 'apiVersion: imgpkg.carvel.dev/v1alpha1\nkind: ImagesLock\n';
const BUNDLE = /^an entry that is a Carvel bundle is saved alone/;

describe('L15: an ImagesLock of imgpkg', () => {
  it('has images by digest, and their tags in annotations of kbld', () => {
    const text = [
      '---',
      'apiVersion: imgpkg.carvel.dev/v1alpha1',
      'kind: ImagesLock',
      'images:',
      '- annotations:',
      '    kbld.carvel.dev/id: nginx:1.27',
      '    kbld.carvel.dev/origins: |',
      '      - resolved: {tag: "1.27", url: nginx:1.27}',
      `  image: index.docker.io/library/nginx@${A}`,
      `- image: quay.io/acme/app@${B}`,
      '  annotations:',
      `    kbld.carvel.dev/id: quay.io/acme/app@${B}`,
      '    kbld.carvel.dev/origins: |',
      '      - local: {path: /build}',
      '      - resolved: {url: quay.io/acme/app:v2, tag: v2}',
      '    example.com/team: blue',
      `- image: quay.io/acme/tool@${A}`,
      '  secretKey: x',
    ].join('\n');
    const { format, rejects, warnings, ignored } = parse(text);
    expect([format, rejects]).toEqual(['imgpkg', []]);
    expect(shown(text)).toEqual([
      [5, `docker.io/library/nginx:1.27@${A}`, undefined, []],
      [10, `quay.io/acme/app:v2@${B}`, undefined, []],
      [17, `quay.io/acme/tool@${A}`, undefined, []],
    ]);
    expect(warnings).toMatchObject([{ message: expect.stringMatching(BUNDLE), origin: { line: 5 } }]);
    expect(ignored).toEqual(['example.com/team', 'secretKey']);
  });

  it('may have them below spec, as older files do', () => {
    expect(shown(`${HEAD}spec:\n  images:\n  - image: quay.io/a/b@${A}\n`)).toEqual([
      [5, `quay.io/a/b@${A}`, undefined, []],
    ]);
  });

  it('has platforms and stored names in annotations of oci-save', () => {
    const entry = (key: string, value: string): string =>
      `- image: quay.io/a/b@${A}\n  annotations: {oci-save/${key}: "${value}"}\n`;
    expect(
      shown(
        `${HEAD}images:\n${entry('platforms', 'linux/amd64,linux/arm64')}${entry('platforms', 'all')}${entry('names', 'x.example/b:1, y.example/c:2')}`,
      ),
    ).toEqual([
      [4, `quay.io/a/b@${A}`, ['linux/amd64', 'linux/arm64'], []],
      [6, `quay.io/a/b@${A}`, 'all', []],
      [8, `quay.io/a/b@${A}`, undefined, ['x.example/b:1', 'y.example/c:2']],
    ]);
  });

  it('takes no tag of another repository, from which images were copied, and says so once', () => {
    const text = `${HEAD}images:\n${[A, B].map((digest) => `- image: registry.example/bundle@${digest}\n  annotations: {kbld.carvel.dev/id: "nginx:1.27"}\n`).join('')}`;
    expect(shown(text).map(([, ref]) => ref)).toEqual(
      [A, B].map((digest) => `registry.example/bundle@${digest}`),
    );
    expect(parse(text).warnings).toMatchObject([
      { message: expect.stringMatching(BUNDLE) },
      { message: expect.stringMatching(/^images were copied to another repository/), origin: { line: 4 } },
    ]);
  });

  it('keeps a tag that is written beside the digest', () => {
    const text = `${HEAD}images:\n- image: quay.io/a/b:3@${A}\n  annotations: {kbld.carvel.dev/id: "quay.io/a/b:4"}\n`;
    expect(shown(text)).toEqual([[4, `quay.io/a/b:3@${A}`, undefined, []]]);
  });

  it('warns of an image without a digest', () => {
    const text = `${HEAD}images:\n- image: quay.io/a/b:3\n`;
    expect(shown(text)).toEqual([[4, 'quay.io/a/b:3', undefined, []]]);
    expect(parse(text).warnings).toContainEqual(
      expect.objectContaining({ message: expect.stringMatching(/^it names no digest/) }),
    );
  });

  it('rejects what is not an image, at its line, and reads the others', () => {
    const bad = [
      '- quay.io/a/b:1',
      '- annotations: {}',
      '- image: [x]',
      `- image: quay.io/A/b@${A}`,
      `- {image: quay.io/a/b@${A}, annotations: {oci-save/platforms: "linux/"}}`,
      `- {image: quay.io/a/b@${A}, annotations: {oci-save/names: "a,"}}`,
      `- {image: quay.io/a/b@${A}, annotations: {kbld.carvel.dev/id: [1]}}`,
    ];
    const { rejects, requests } = parse(`${HEAD}images:\n${bad.join('\n')}\n- image: quay.io/a/b@${A}\n`);
    expect(rejects.map(({ origin, reason }) => [origin.line, reason.replace(/'.*'/, '…')])).toEqual([
      [4, 'this entry of an ImagesLock is not a mapping'],
      [5, 'this entry does not name an image'],
      [6, '… is not text'],
      [7, expect.stringMatching(/lower case/)],
      [8, expect.stringMatching(/not a valid platform/)],
      [9, 'the name under which it is stored is missing'],
      [10, '… is not text'],
    ]);
    expect(requests).toHaveLength(1);
  });

  it('L18: passes over other documents, with a note', () => {
    const text = `${HEAD}images:\n- image: quay.io/a/b@${A}\n---\nkind: Secret\ndata: {password: aHVudGVyMg==}\n`;
    expect(parse(text)).toMatchObject({ rejects: [], ignored: ['documents without images'] });
    expect(shown(text)).toHaveLength(1);
  });

  it.each([
    'x',
    '[',
    '- a: {b: [c]}',
    '- resolved: {url: "Bad Ref", tag: 1}',
    '- resolved: {url: quay.io/a/b}',
    `# ${'x'.repeat(5000)}`,
  ])('needs no origins that can be read: %s', (origins) => {
    const annotations = `  annotations:\n    kbld.carvel.dev/origins: ${JSON.stringify(origins)}\n`;
    expect(shown(`${HEAD}images:\n- image: quay.io/a/b@${A}\n${annotations}`)).toEqual([
      [4, `quay.io/a/b@${A}`, undefined, []],
    ]);
  });
});
