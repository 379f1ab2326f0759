import { describe, expect, it } from 'vitest';
import { parseList } from '../../../src/list/index.ts';
import { formatReference } from '../../../src/oci/reference.ts';
import { FORMATS } from '../../../src/list/formats/formats.ts';

const parse = (text: string, file = 'images.txt', format = 'auto') =>
  parseList(new TextEncoder().encode(text), file, { format, defaultRegistry: 'docker.io' });

/** One form or more of each format: the format, and a text that is recognised as it. */
const FORMS: readonly (readonly [format: string, text: string, file?: string])[] = [
  ['hauler', 'apiVersion: content.hauler.cattle.io/v1alpha1\nkind: Images\nspec: {images: []}\n'],
  ['zarf', 'kind: ZarfPackageConfig\ncomponents: []\n'],
  ['zarf', 'kind: ZarfInitConfig\nmetadata: {name: init}\n'],
  ['uds-bundle', 'kind: UDSBundle\npackages: []\n'],
  ['oc-mirror', 'apiVersion: mirror.openshift.io/v2alpha1\nkind: ImageSetConfiguration\nmirror: {}\n'],
  ['imgpkg', 'apiVersion: imgpkg.carvel.dev/v1alpha1\nkind: ImagesLock\nimages: []\n'],
  ['chart-lock', 'apiVersion: v0\nkind: ImagesLock\nimages: []\n'],
  ['image-references', 'kind: ImageStream\napiVersion: image.openshift.io/v1\n'],
  ['kubekey', 'apiVersion: kubekey.kubesphere.io/v1alpha2\nkind: Manifest\nspec: {images: []}\n'],
  ['olm-csv', 'apiVersion: operators.coreos.com/v1alpha1\nkind: ClusterServiceVersion\n'],
  ['kustomize', 'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n'],
  ['kustomize', 'resources: [a.yaml]\nimages: []\n'],
  ['kustomize', 'images:\n  - name: app\n    newTag: "1"\n'],
  ['kustomize', 'images:\n  - name: app\n    newName: quay.io/a/app\n'],
  ['mirror-rules', 'apiVersion: config.openshift.io/v1\nkind: ImageDigestMirrorSet\n'],
  ['mirror-rules', 'apiVersion: config.openshift.io/v1\nkind: ImageTagMirrorSet\n'],
  ['mirror-rules', 'apiVersion: operator.openshift.io/v1alpha1\nkind: ImageContentSourcePolicy\n'],
  ['helm-chart', 'apiVersion: v2\nname: app\nversion: 1.0.0\n'],
  ['kubernetes', 'apiVersion: apps/v1\nkind: Deployment\n'],
  ['kubernetes', 'a: text\n---\napiVersion: v1\nkind: Pod\n'],
  ['compose', 'services:\n  web:\n    image: x:1\n'],
  ['regsync', 'version: 1\nsync:\n  - source: a/b\n    target: c/d\n    type: repository\n'],
  ['dregsy', 'relay: skopeo\ntasks: []\n'],
  ['image-syncer', 'quay.io/a/b:1: registry.example/a/b\nquay.io/a/c:1: [registry.example/a/c]\n'],
  ['image-syncer', 'auth: {}\nimages:\n  quay.io/a/b:1: registry.example/a/b\n'],
  ['image-syncer', 'auth: {}\nimages:\n  busybox: registry.example/a/b\n'],
  ['image-syncer', '${HUB}/a/b:1: registry.example/a/b\n"${HUB}/${NAME}": registry.example/c\n'],
  ['kurl', 'yum libzstd\napt24 conntrack\nimage a b:1 flag\n'],
  ['skopeo-sync', 'registry.example:\n  images:\n    busybox: ["1"]\n'],
  ['skopeo-sync', 'registry.example:\n  images-by-tag-regex:\n    nginx: ^1\n'],
  ['skopeo-sync', 'registry.example:\n  images-by-semver:\n    nginx: ">1"\n'],
  ['image-list-with-auth', '- registry: x.example\n  username: me\n  password: no\n  images: [a:1]\n'],
  ['sealer-images', '[{"image": "docker.io/library/x:1", "appName": "", "platform": {"os": "linux"}}]'],
  ['promoter', '- name: app\n  dmap: {"sha256:0": ["1"]}\n'],
  ['source-tags', 'images:\n  - source: a/b\n    destinations: [c/d]\n    tags: ["1"]\n'],
  ['source-tags', 'images:\n  - SourceArtifact: a/b\n    Tags: ["1"]\n'],
  ['source-tags', 'Artifacts:\n  - SourceArtifact: a/b\n    Tags: ["1"]\n'],
  ['source-tags', 'Images:\n  - SourceImage: a/b\n    Tags: ["1"]\n'],
  ['source-tags', 'images:\n  - source: a/b\n    multi-arch: true\n    tag: ["1"]\n'],
  ['source-tags', 'rules:\n  - source: a/b\n    destination: c/d\n    tags: ["1"]\n'],
  ['source-tags', 'components:\n  app:\n    image_base: a/b\n    image_version: "1"\n'],
  ['mapping', `quay.io/a/b@sha256:${'0'.repeat(64)}=x.example/b:1\n`],
  ['mapping', 'quay.io/a/b:1 x.example/b:1\nquay.io/a/c:1 file://a/c\n'],
  ['plain', 'quay.io/a/b:1=x.example/b:1\nquay.io/a/c:1=x.example/c:1\n'],
  ['plain', 'quay.io/a/b:1 x.example/b:1\n'],
  ['chart-lock', '{"APIVersion": "v0", "Kind": "ImagesLock", "Images": []}'],
  ['image-vector', 'images:\n  - name: app\n    repository: quay.io/a/b\n    tag: "1"\n'],
  ['sinker', 'target: {host: x.example}\nsources: []\n'],
  ['iron-bank', 'apiVersion: v1\nname: a/b\nargs: {BASE_IMAGE: ubi, BASE_TAG: "9"}\nresources: []\n'],
  ['linuxkit', 'kernel: {image: a:1}\ninit: [b:1]\n'],
  ['ocm', 'component:\n  name: x\n  resources: []\n'],
  ['cnab', '{"name": "app", "invocationImages": []}'],
  ['porter', 'name: app\nmixins: [exec]\n'],
  ['sbom', '{"bomFormat": "CycloneDX"}'],
  ['sbom', '{"spdxVersion": "SPDX-2.3"}'],
  ['lock', '{"version": 1, "images": [], "blobs": []}'],
  ['oci-layout', '{"schemaVersion": 2, "manifests": []}'],
  ['docker-config', '{"auths": {}}'],
  ['image-syncer-auth', 'x.example:\n  username: me\n  password: no\n'],
  ['docker-archive', '[{"Config": "a.json", "RepoTags": ["a:1"], "Layers": []}]'],
  ['tool-output', '{"Repository": "a/b", "Tag": "1"}\n{"Repository": "a/c", "Tag": "1"}\n'],
  ['tool-output', '{"images": [{"id": "1", "repoTags": ["a:1"]}]}'],
  ['tool-output', 'REPOSITORY   TAG   IMAGE ID\nbusybox      1     abc\n'],
  ['tool-output', 'IMAGE                TAG   IMAGE ID   SIZE\ndocker.io/busybox    1     abc        2MB\n'],
  ['tool-output', 'REF TYPE DIGEST\ndocker.io/library/busybox:1 application/x sha256:0\n'],
  ['tool-output', 'NAMESPACE NAME IMAGE\ndefault pod busybox:1\n'],
  ['github-workflow', 'on: push\njobs: {}\n'],
  ['github-workflow', 'name: app\nruns:\n  using: docker\n  image: Dockerfile\n'],
  ['gitlab-ci', 'image: busybox:1\nstages: [build]\n'],
  ['gitlab-ci', 'image: busybox:1\nbuild:\n  script: [make]\n'],
  ['devcontainer', '{"dockerComposeFile": "compose.yaml", "service": "app"}'],
  ['devcontainer', '{"image": "a:1", "features": {}}'],
  ['ansible', '- name: play\n  hosts: all\n'],
  ['ansible', '- name: block\n  tasks: []\n'],
  ['list', 'images:\n  - quay.io/a/b:1\n'],
  ['list', '- image: quay.io/a/b:1\n'],
  ['list', '- {name: quay.io/a/b}\n- quay.io/a/c:1\n'],
  ['list', '{"images": []}'],
  ['list', 'image: quay.io/a/b:1\n---\nimage: quay.io/a/c:1\n'],
  ['helm-values', 'image:\n  repository: quay.io/a/b\n  tag: "1"\n'],
  ['helm-values', 'web:\n  image:\n    repository: quay.io/a/b\n'],
  ['dockerfile', '# syntax=docker/dockerfile:1\nFROM busybox:1\nRUN true\n'],
  ['dockerfile', 'ARG VERSION=1\nFROM busybox:$VERSION\n'],
  ['quadlet', '[Unit]\nDescription=app\n\n[Container]\nImage=quay.io/a/b:1\n'],
  ['quadlet', '[Image]\nImage=quay.io/a/b:1\n'],
  ['bake', 'target "app" {\n  tags = ["a:1"]\n}\n'],
  ['bake', 'group "default" {\n  targets = ["app"]\n}\n'],
  ['hcl', 'resource "docker_image" "app" {\n  name = "a:1"\n}\n'],
  ['hcl', 'job "web" {\n}\n'],
  ['columns', 'image,tag\nquay.io/a/b,1\n'],
  ['columns', '"Repository";"Version"\nquay.io/a/b;1\n'],
  ['columns', 'quay.io/a/b registry.example/a/b 1\nquay.io/a/c registry.example/a/c 2\n'],
  ['columns', 'registry,image_name,tag,digest,mtype\nx.example,a/b,1,,LIST\n'],
  ['counted', '   3 quay.io/a/b:1\n  12 busybox:1\n'],
  ['words', 'quay.io/a/b:1 busybox:1 quay.io/a/c:2\n'],
  ['groups', 'base: quay.io/a/b:1 quay.io/a/c:1\n'],
  ['kurl', 'image pause registry.k8s.io/pause:3.9\nasset x https://x.example/x\n'],
  ['html', '<!DOCTYPE html>\n<html></html>\n'],
  ['html', '<?xml version="1.0"?>\n<a/>\n'],
  ['markdown', 'quay.io/a/b:1\n', 'README.md'],
  ['markdown', 'Images of this release\n\n```\nquay.io/a/b:1\n```\n'],
  ['script', '#!/bin/sh\ndocker pull busybox:1\n'],
  ['plain', 'quay.io/a/b:1\nquay.io/a/c:1 => c:1\n'],
  ['plain', 'image\nquay.io/a/b:1\n'],
  ['plain', '- quay.io/a/b:1\n- quay.io/a/c:1\n'],
  ['plain', 'quay.io/a/b linux/arm64\nsome words that are no entry\n'],
  ['unknown', 'Dear reader, this is a letter\nwith lines of many words\n'],
  ['unknown', 'a: 1\nb: 2\n'],
];

/** Files that have a part of a form, and what they are without the rest of it. */
const ALMOST: typeof FORMS = [
  ['unknown', 'x.example:\n  username: me\n'],
  ['unknown', 'x.example:\n  username: me\n  password: [no]\n'],
  ['unknown', 'x.example: {username: me, password: no}\ny.example: {}\n'],
  ['unknown', 'quay.io/a/b:1: {x: y}\n'],
  ['unknown', 'quay.io/a/b:1: [x.example/a, {y: z}]\n'],
  ['unknown', 'quay.io/a/b:1: x.example/a\nfoo: x.example/b\n'],
  ['unknown', 'a b:1: x.example/a\n'],
  ['unknown', 'base: quay.io/a/b:1\n'],
  ['unknown', 'base: quay.io/a/b:1 c\n'],
  ['unknown', 'base: [quay.io/a/b:1]\n'],
  ['unknown', '{}'],
  ['unknown', 'base: quay.io/a/b:1 quay.io/a/c:1\nother: x\n'],
  ['groups', 'base: "quay.io/a/b:1  quay.io/a/c:1"\n'],
  ['unknown', 'services: {}\n'],
  ['unknown', 'services: [a]\n'],
  ['unknown', 'services: {a: b}\n'],
  ['compose', 'services: {a: b, c: {image: "x:1"}}\n'],
  ['unknown', 'apiVersion: v1\n'],
  ['unknown', 'kind: Pod\n'],
  ['unknown', 'build: {test: {script: x}}\n'],
  ['unknown', 'build: [{script: x}]\n'],
  ['unknown', 'build: [{repository: x}]\n'],
  ['unknown', 'kind: XZarfPackageConfig\n'],
  ['unknown', 'kind: ZarfPackageConfigX\n'],
  ['unknown', 'apiVersion: content.hauler.cattle.io/v1\n'],
  ['kubernetes', 'apiVersion: x.content.hauler.cattle.io/v1\nkind: Images\n'],
  ['kubernetes', 'apiVersion: x.example/v1\nkind: ImageSetConfiguration\n'],
  ['kubernetes', 'apiVersion: v1\nkind: Manifest\n'],
  ['list', 'x-note: 1\nimages: ["a:1"]\n', 'values.yaml'],
  ['helm-values', 'note: 1\nimages: ["a:1"]\n', 'values.yaml'],
  ['helm-values', 'images: {a: {image: "a:1"}}\n', 'values.yaml'],
  ['helm-values', 'note: 1\n', 'chart/app-values-prod.yml'],
  ['unknown', 'note: 1\n', 'myvalues.yaml'],
  ['unknown', 'note: 1\n', 'values.yaml.txt'],
  ['devcontainer', '{"image": "a:1"}', 'app/.devcontainer.json'],
  ['list', '{"image": "a:1"}', 'old-devcontainer.json'],
  ['list', '{"image": "a:1"}', 'devcontainer.json5'],
  ['plain', 'a:1\n', 'README.md.txt'],
];

describe('found J6: a plain list of registries by IPv6 addresses', () => {
  it.each([
    ['begins with one', '[::1]:5000/a:1\nbusybox:1\n', ['[::1]:5000/a:1', 'docker.io/library/busybox:1']],
    ['has bullets', '- [fd00::1]/a:1\n- [FD00::2]:443/b:1\n', ['[fd00::1]/a:1', '[fd00::2]:443/b:1']],
    ['has pairs', '[::1]:5000/a:1 => b:1\n', ['[::1]:5000/a:1']],
    ['maps an IPv4 one', '[::ffff:127.0.0.1]:5000/a:1\n', ['[::ffff:127.0.0.1]:5000/a:1']],
  ])('%s', (_, text, refs) => {
    const { format, requests, rejects } = parse(text);
    expect([format, rejects]).toEqual(['plain', []]);
    expect(
      requests.map(({ source }) => source.transport === 'docker' && formatReference(source.reference)),
    ).toEqual(refs);
  });

  it.each(['[a:1, b:1]\n', '["[::1]:5000/a:1"]\n', '- [::1]\n'])(
    'is not what YAML calls a list: %j',
    (text) => {
      expect(parse(text).format).not.toBe('plain');
    },
  );
});

describe('found L4: the format of a list', () => {
  it.each(FORMS)('is recognised as %s: %j', (format, text = '', file) => {
    expect(parse(text, file).format).toBe(format);
  });

  it.each(ALMOST)('is not recognised by a part of its form (%s): %j', (format, text = '', file) => {
    expect(parse(text, file).format).toBe(format);
  });

  it('has a form in this table for every format', () => {
    const tested = new Set(FORMS.map(([format]) => format));
    expect(FORMATS.map(({ name }) => name).filter((name) => !tested.has(name))).toEqual([]);
  });

  it.each(FORMATS.filter(({ parse: read }) => read === undefined))(
    'that is not read ($name) is refused by its title, recognised or named',
    ({ name, title }) => {
      const [, text = '', file] = FORMS.find(([format]) => format === name) ?? [];
      for (const [format, at] of [['auto', file], [name]] as const) {
        const [reject] = parse(text, at, format).rejects;
        expect(reject?.reason).toContain(`this is ${title}; `);
        expect(reject?.hint).toBeDefined();
      }
    },
  );

  it('that is named is read as it, whatever it looks like', () => {
    expect(parse('quay.io/a/b:1\n', 'README.md', 'plain')).toMatchObject({ format: 'plain', rejects: [] });
  });

  it('that is unknown names the nearest ones, and the line that speaks against a list', () => {
    const [prose] = parse('images\nDear reader of this letter\nit has no list in it\nat all\n').rejects;
    expect(prose).toMatchObject({ origin: { line: 2 }, reason: 'this line does not fit any list format' });
    expect(prose?.hint).toMatch(/^The nearest are a plain list, a table with columns, a Dockerfile;/);
    const [tree] = parse('servces:\n  a: {image: x}\n').rejects;
    expect(tree?.hint).toMatch(/^The nearest are a Compose file, [^,]+, [^,]+;/);
  });
});
