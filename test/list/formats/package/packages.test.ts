import { describe, expect, it } from 'vitest';
import { setsOf } from '../../../support/list-sets.ts';

const DIGEST = `sha256:${'e'.repeat(64)}`;

describe('L15: a kubekey manifest', () => {
  it('gives its images for its architectures, and the users of their registries', () => {
    const text = `apiVersion: kubekey.kubesphere.io/v1alpha2
kind: Manifest
spec:
  arches: [amd64, arm64]
  operatingSystems: [{arch: amd64}]
  components: {helm: {version: v3}}
  images:
    - docker.io/acme/pause:3.10
    - registry.example/acme/web:1
  registry:
    auths:
      registry.example: {username: ann, password: secret, skipTLSVerify: true, certsPath: /c}
      other.example: {username: ben, password: secret}
`;
    expect(setsOf(text)).toEqual({
      format: 'kubekey',
      requests: [
        '8 docker.io/acme/pause:3.10 [linux/amd64,linux/arm64]',
        '9 registry.example/acme/web:1 [linux/amd64,linux/arm64]',
      ],
      logins: ['12 registry.example ann:secret'],
      warnings: [
        "12 the list asks not to verify 'registry.example': verification stays on, unless insecure-registries names the registry",
      ],
      ignored: ['operatingSystems', 'components', 'certsPath', 'users of targets'],
    });
  });

  it('minds no case of its keys', () => {
    const text =
      'apiVersion: kubekey.kubesphere.io/v1\nkind: Manifest\nspec: {Arches: [arm64], Images: ["a:1"]}\n';
    expect(setsOf(text).requests).toEqual(['3 docker.io/library/a:1 [linux/arm64]']);
  });

  it('rejects what is no image', () => {
    const text = 'apiVersion: kubekey.kubesphere.io/v1\nkind: Manifest\nspec:\n  images: [[a], "a:1"]\n';
    expect(setsOf(text)).toEqual({
      format: 'kubekey',
      requests: ['4 docker.io/library/a:1'],
      rejects: ['4 an image is not text'],
    });
  });
});

describe('L15: a kURL manifest', () => {
  it('gives the images of its lines, and notes the others', () => {
    const text = `# add-on
image pause registry.k8s.io/pause:3.10

image  web   acme/web:1
asset file https://x.example/file
yum libzstd
yum2023 libzstd
apt24 conntrack
dockerout rhel x 1
image  tool  acme/tool:2   no_remote_load
`;
    expect(setsOf(text, 'Manifest')).toEqual({
      format: 'kurl',
      requests: ['2 registry.k8s.io/pause:3.10', '4 docker.io/acme/web:1', '10 docker.io/acme/tool:2'],
      ignored: [
        'lines of kind asset',
        'lines of kind yum',
        'lines of kind yum2023',
        'lines of kind apt24',
        'lines of kind dockerout',
      ],
    });
  });

  it('rejects other lines', () => {
    expect(setsOf('image a\nyum\npull a b\nimage a b:1\n', 'Manifest', 'kurl')).toEqual({
      format: 'kurl',
      requests: ['4 docker.io/library/b:1'],
      rejects: [1, 2, 3].map((line) => `${line} this line is not of a kURL manifest`),
    });
  });
});

describe(`L15: a chart's Images.lock`, () => {
  const YAML = `apiVersion: v0
kind: ImagesLock
chart: {name: shop, version: 1.0.0}
images:
  - name: web
    image: acme/web:1.10
    chart: shop
    digests:
      - {digest: "${DIGEST}", arch: linux/amd64}
      - {digest: "${DIGEST}", arch: linux/arm64}
  - {name: db, image: "registry.example/db:2"}
`;

  it('gives its images by tag, for their platforms', () => {
    expect(setsOf(YAML, 'Images.lock')).toEqual({
      format: 'chart-lock',
      requests: ['5 docker.io/acme/web:1.10 [linux/amd64,linux/arm64]', '11 registry.example/db:2'],
      ignored: ['digests'],
    });
  });

  it('may have capitals in JSON', () => {
    const json = `{"APIVersion": "v0", "Kind": "ImagesLock", "Images": [
{"Name": "web", "Image": "acme/web:1", "Digests": [{"Digest": "${DIGEST}", "Arch": "linux/amd64"}]},
{"Name": "db", "Image": "acme/db:1", "Digests": null},
{"Name": "none"}]}`;
    expect(setsOf(json)).toEqual({
      format: 'chart-lock',
      requests: ['2 docker.io/acme/web:1 [linux/amd64]', '3 docker.io/acme/db:1'],
      rejects: ['4 this entry does not name an image'],
      ignored: ['digests'],
    });
  });
});

describe('L15: an image vector', () => {
  it('gives images with a tag or a reference, and those without as candidates', () => {
    const text = `images:
  - name: web
    sourceRepository: github.com/acme/web
    repository: quay.io/acme/web
    tag: "1.10"
    targetVersion: "< 1.30"
    architectures: [amd64, arm64]
  - {name: web, repository: quay.io/acme/web, tag: "${DIGEST}"}
  - {name: cli, ref: "quay.io/acme/cli:2"}
  - {name: kubelet, repository: quay.io/acme/kubelet, architectures: [arm64]}
  - {name: other, repository: quay.io/acme/other}
  - {name: none}
`;
    expect(setsOf(text)).toEqual({
      format: 'image-vector',
      requests: [
        '2 quay.io/acme/web:1.10 [linux/amd64,linux/arm64]',
        `8 quay.io/acme/web@${DIGEST}`,
        '9 quay.io/acme/cli:2',
      ],
      candidates: [
        '10 --platform=linux/arm64 quay.io/acme/kubelet (its tag is the version of a cluster)',
        '11 quay.io/acme/other (its tag is the version of a cluster)',
      ],
      rejects: ['12 this entry does not name an image'],
      ignored: ['targetVersion'],
    });
  });
});
