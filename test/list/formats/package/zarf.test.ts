import { describe, expect, it } from 'vitest';
import { setsOf } from '../../../support/list-sets.ts';

const PACKAGE = `kind: ZarfPackageConfig
metadata:
  name: shop
  architecture: arm64
components:
  - name: web
    required: true
    charts: [{name: web, localPath: chart}]
    manifests: []
    images:
      - registry.example/shop/web:1.10
      - registry.example/shop/db@sha256:${'b'.repeat(64)}
  - name: tools
    only: {cluster: {architecture: amd64}, localOS: linux}
    images: [busybox:1]
    imageArchives:
      - path: archives/base.tar
        images: [acme/base:1]
  - name: rest
    import: {path: ../other}
`;

describe('L15: a zarf.yaml package', () => {
  it('gives the images of its components, for their architecture', () => {
    expect(setsOf(PACKAGE, 'shop/zarf.yaml')).toEqual({
      format: 'zarf',
      requests: [
        '11 registry.example/shop/web:1.10 [linux/arm64]',
        `12 registry.example/shop/db@sha256:${'b'.repeat(64)} [linux/arm64]`,
        '15 docker.io/library/busybox:1 [linux/amd64]',
        '18 docker-archive:shop/archives/base.tar:docker.io/acme/base:1 [linux/amd64]',
      ],
      warnings: [
        '20 it imports 1 component of other packages, whose images are not read: give their zarf.yaml as lists, too',
      ],
      ignored: ['charts', 'manifests'],
    });
  });

  it.each(['', ', only: {flavor: ""}', ', only: {flavor: upstream}'])(
    'has no warning of flavors with %j',
    (only) => {
      const component = `{name: a${only}, images: ["a:1"]}`;
      const { warnings } = setsOf(`kind: ZarfPackageConfig\ncomponents: [${component}, ${component}]\n`);
      expect(warnings).toBeUndefined();
    },
  );

  it('reads the components of all flavors, and says so', () => {
    const text = `kind: ZarfInitConfig
components:
  - {name: a, only: {flavor: upstream}, images: [docker.io/acme/a:1]}
  - {name: a, only: {flavor: hardened}, images: [hardened.example/acme/a:1]}
  - {name: b, images: [{name: "docker.io/acme/b:1", source: daemon}]}
`;
    expect(setsOf(text)).toEqual({
      format: 'zarf',
      requests: ['3 docker.io/acme/a:1', '4 hardened.example/acme/a:1', '5 docker.io/acme/b:1'],
      warnings: [
        "3 its components are for the flavors 'upstream', 'hardened': the images of all of them are read",
      ],
    });
  });

  it.each([
    ['"###ZARF_PKG_TMPL_IMAGE###"', /variable or a template/],
    ['"acme/a:###ZARF_PKG_TMPL_TAG###"', /variable or a template/],
    ['[acme/a]', /^4 an image is not text$/],
    ['Acme/A:B:C', /not an image reference/],
  ])('rejects the image %s with its line', (image, reason) => {
    const text = `kind: ZarfPackageConfig\ncomponents:\n  - images:\n      - ${image}\n      - acme/b:1\n`;
    const { rejects, requests } = setsOf(text);
    expect(rejects).toEqual([expect.stringMatching(reason)]);
    expect(rejects?.[0]).toMatch(/^4 /);
    expect(requests).toEqual(['5 docker.io/acme/b:1']);
  });

  it('rejects an architecture that is a variable', () => {
    const text =
      'kind: ZarfPackageConfig\nmetadata: {architecture: "###ARCH###"}\ncomponents: [{images: [a:1]}]\n';
    expect(setsOf(text).rejects).toEqual([expect.stringMatching(/^1 .* is not a valid platform$/)]);
  });

  it('takes a chart and the tag of a signature as they are', () => {
    const signature = `acme/a:sha256-${'c'.repeat(64)}.sig`;
    const text = `kind: ZarfPackageConfig\ncomponents: [{images: ["oci://ghcr.io/acme/chart:1.0.0", "${signature}"]}]\n`;
    expect(setsOf(text)).toEqual({
      format: 'zarf',
      requests: ['2 ghcr.io/acme/chart:1.0.0', `2 docker.io/${signature}`],
    });
  });
});
