import { describe, expect, it } from 'vitest';
import { setsOf } from '../../../support/list-sets.ts';

const head = (kind: string): string => `apiVersion: content.hauler.cattle.io/v1\nkind: ${kind}\n`;

const MANIFEST = `${head('Images')}metadata:
  name: shop
  annotations:
    hauler.dev/platform: linux/amd64
    hauler.dev/registry: registry.example
    hauler.dev/key: cosign.pub
spec:
  images:
    - name: shop/web:1.10
    - name: quay.io/acme/db:2
      platform: linux/arm64
      key: other.pub
      use-tlog-verify: true
      exclude-extras: true
    - name: quay.io/acme/cache@sha256:${'d'.repeat(64)}
      rewrite: /mirror/cache:7
    - name: busybox
      registry: other.example:5000
      rewrite: target.example/tools/busybox
      insecure-skip-tls-verify: true
---
${head('Charts')}spec: {charts: [{name: a}]}
---
${head('Files')}spec: {files: []}
---
${head('Files')}spec: {files: []}
---
`;

describe('L15: a hauler manifest', () => {
  it('gives its images, with the defaults of the annotations', () => {
    expect(setsOf(MANIFEST)).toEqual({
      format: 'hauler',
      requests: [
        '11 registry.example/shop/web:1.10 [linux/amd64]',
        '12 quay.io/acme/db:2 [linux/arm64]',
        `17 quay.io/acme/cache@sha256:${'d'.repeat(64)} [linux/amd64] => quay.io/mirror/cache:7`,
        '19 other.example:5000/busybox:latest [linux/amd64] => target.example/tools/busybox:latest',
      ],
      warnings: [
        "19 the list asks not to verify 'busybox': verification stays on, unless insecure-registries names the registry",
      ],
      ignored: [
        'documents of kind Charts (1)',
        'documents of kind Files (2)',
        'key',
        'use-tlog-verify',
        'exclude-extras',
      ],
    });
  });

  it.each([
    ['rewrite: a/b', 'quay.io/acme/x:1', 'quay.io/a/b:1'],
    ['rewrite: a/b:2', 'acme/x:1', 'docker.io/a/b:2'],
    ['rewrite: r.example/a', 'acme/x:1', 'r.example/a:1'],
  ])('keeps the registry of an image in %s of %s', (rewrite, name, stored) => {
    const text = `${head('Images')}spec:\n  images:\n    - name: ${name}\n      ${rewrite}\n`;
    expect(setsOf(text).requests).toEqual([expect.stringMatching(new RegExp(` => ${stored}$`))]);
  });

  it('has v1alpha1, and annotations that an image need not repeat', () => {
    const text = `apiVersion: content.hauler.cattle.io/v1alpha1
kind: Images
metadata: {annotations: {hauler.dev/rewrite: new/name}}
spec: {images: [{name: "acme/a:1"}]}
`;
    expect(setsOf(text)).toEqual({
      format: 'hauler',
      requests: ['4 docker.io/acme/a:1 => docker.io/new/name:1'],
    });
  });

  it('does not give several images the one name of their document, and warns of it', () => {
    const text = `${head('Images')}metadata:
  annotations: {hauler.dev/rewrite: new/name, hauler.dev/insecure-skip-tls-verify: "true"}
spec: {images: [{name: "acme/a:1"}, {name: "acme/b:1", rewrite: own/name}]}
`;
    expect(setsOf(text)).toEqual({
      format: 'hauler',
      requests: ['5 docker.io/acme/a:1', '5 docker.io/acme/b:1 => docker.io/own/name:1'],
      warnings: [
        '4 the list asks not to verify its registries: verification stays on, unless insecure-registries names the registry',
        '4 the new name of this document is not used: its 2 images would have the same one',
      ],
    });
  });

  it.each([
    ['    - platform: linux/amd64', '5 this entry does not name an image'],
    ['    - busybox:1', '5 an image is not a mapping of keys to values'],
    ['    - {name: "a:1", platform: linux/}', "5 'linux/' is not a valid platform"],
    ['    - {name: "a b"}', "5 '…' is not an image reference: it contains a blank"],
  ])('rejects %j with its line', (entry, reason) => {
    expect(setsOf(`${head('Images')}spec:\n  images:\n${entry}\n`).rejects).toEqual([reason]);
  });

  it('takes an image of Docker’s daemon where it says that it is local', () => {
    expect(setsOf(`${head('Images')}spec:\n  images:\n    - {name: "a:1", local: true}\n`).requests).toEqual([
      '5 docker-daemon:docker.io/library/a:1',
    ]);
  });

  it('minds no case of its keys, as hauler itself', () => {
    expect(setsOf(`${head('Images')}Spec: {Images: [{Name: "a:1"}]}\n`).requests).toEqual([
      '3 docker.io/library/a:1',
    ]);
  });

  it('refuses a document that names lists elsewhere: their images would be missing', () => {
    const text = `${head('Images')}spec: {images: [{name: "a:1"}]}\n---\n${head('ImageTxts')}spec: {imageTxts: []}\n`;
    expect(setsOf(text).rejects).toEqual([
      '5 this document names lists of images at other places, which are not read',
    ]);
  });
});
