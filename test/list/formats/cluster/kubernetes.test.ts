import { describe, expect, it } from 'vitest';
import { checkImageRules, matchesRule } from '../../../../src/list/entry/image-rules.ts';
import { parseList } from '../../../../src/list/index.ts';
import { refOf } from '../../../../src/resolve/index.ts';
import { setsOf } from '../../../support/list-sets.ts';
import { found } from '../found.ts';

const HEX = 'a'.repeat(64);
const read = (text: string, file = 'manifests.yaml') => found(text, file, 'kubernetes');

describe('L10: a Kubernetes manifest', () => {
  it('has images in its containers and volumes, wherever the spec of a pod is', () => {
    const text = `# Two documents before the first image.
---
---
apiVersion: batch/v1
kind: CronJob
spec:
  jobTemplate:
    spec:
      template:
        spec:
          initContainers:
            - {name: init, image: "quay.io/acme/init:1"}
          containers:
            - name: job
              image: acme/job:1.10 # {"$imagepolicy": "flux-system:job"}
              imagePullPolicy: Always
          ephemeralContainers:
            - image: quay.io/acme/debug@sha256:${HEX}
          volumes:
            - {name: models, image: {reference: "quay.io/acme/models:3", pullPolicy: Always}}
            - name: none
              emptyDir: {}
---
apiVersion: v1
kind: List
items:
  - apiVersion: v1
    kind: Pod
    spec: {containers: [{image: "quay.io/acme/pod:1"}, {image: ""}, {name: none}]}
    status: {containerStatuses: [{image: "quay.io/acme/status:1", imageID: x}]}
---
kind: PodList
apiVersion: v1
items: [{spec: {containers: [{image: "quay.io/acme/typed:1"}]}}]
`;
    expect(read(text)).toEqual({
      requests: [
        [12, 'quay.io/acme/init:1'],
        [15, 'docker.io/acme/job:1.10'],
        [18, `quay.io/acme/debug@sha256:${HEX}`],
        [20, 'quay.io/acme/models:3'],
        [29, 'quay.io/acme/pod:1'],
        [34, 'quay.io/acme/typed:1'],
      ],
      candidates: [],
      rejects: [],
      ignored: ['empty image', 'status'],
      warnings: [],
    });
  });

  it.each([
    ['Knative', 'serving.knative.dev/v1', '{template: {spec: {containers: [{image: "x.example/a:1"}]}}}'],
    [
      'an Argo Rollout',
      'argoproj.io/v1alpha1',
      '{template: {spec: {containers: [{image: "x.example/a:1"}]}}}',
    ],
    ['an Argo Workflow', 'argoproj.io/v1alpha1', '{templates: [{container: {image: "x.example/a:1"}}]}'],
    [
      'a script of Argo',
      'argoproj.io/v1alpha1',
      '{templates: [{script: {image: "x.example/a:1", source: "a"}}]}',
    ],
    ['a step of Tekton', 'tekton.dev/v1', '{steps: [{image: "x.example/a:1"}]}'],
    ['a sidecar of Tekton', 'tekton.dev/v1', '{sidecars: [{image: "x.example/a:1"}]}'],
    [
      'a disk of KubeVirt',
      'kubevirt.io/v1',
      '{template: {spec: {volumes: [{containerDisk: {image: "x.example/a:1"}}]}}}',
    ],
    ['spec.image of an operator', 'acme.example/v1', '{image: "x.example/a:1"}'],
    ['spec.<part>.image of an operator', 'acme.example/v1', '{db: {image: "x.example/a:1"}}'],
    [
      'a template inside of a step of Argo',
      'argoproj.io/v1alpha1',
      '{templates: [{steps: [[{inline: {container: {image: "x.example/a:1"}}}]]}]}',
    ],
    ['an image in parts', 'acme.example/v1', '{image: {registry: x.example, repository: a, tag: "1"}}'],
    [
      'an image in parts of a part',
      'acme.example/v1',
      '{db: {image: {repository: x.example, image: a, version: "1"}}}',
    ],
  ])('has images in %s', (_, apiVersion, spec) => {
    const { requests, candidates } = read(`apiVersion: ${apiVersion}\nkind: X\nspec: ${spec}\n`);
    expect([requests, candidates]).toEqual([[[3, 'x.example/a:1']], []]);
  });

  it.each([
    ['a variable', 'containers: [{env: [{name: A, value: "quay.io/a/b:1"}]}]', 'the variable A'],
    ['an argument', 'containers: [{args: ["quay.io/a/b:1"]}]', 'an argument of a container'],
    ['an option', 'containers: [{args: ["--reloader=quay.io/a/b:1"]}]', 'an argument of a container'],
    [
      'a script',
      'containers: [{command: ["sh", "-c", "run -v x:/y quay.io/a/b:1; true"]}]',
      'an argument of a container',
    ],
    ['a deep key', 'a: {b: {image: "quay.io/a/b:1"}}', 'the key image'],
    ['a key that says image', 'baseImage: quay.io/a/b:1', 'the key baseImage'],
    ['any key, with a registry', 'package: quay.io/a/b:1', 'the key package'],
    ['a disk from a registry', 'source: {registry: {url: "docker://quay.io/a/b:1"}}', 'the key url'],
    [
      'the values of a chart',
      'values: {web: {image: {repository: quay.io/a/b, tag: "1"}}}',
      'a value of a chart',
    ],
    ['a text with values', 'valuesContent: "x: 1\\nimage: quay.io/a/b:1\\n"', 'the key valuesContent'],
    ['a variable of an operator', 'env: [{name: A, value: "quay.io/a/b:1"}]', 'the variable A'],
  ])('has candidates in %s', (_, spec, why) => {
    const { requests, candidates } = read(`apiVersion: acme.example/v1\nkind: X\nspec: {${spec}}\n`);
    expect(requests).toEqual([]);
    expect(candidates).toEqual([[3, 'quay.io/a/b:1', expect.stringContaining(why)]]);
  });

  it('has candidates in a block of versions, an annotation and a ConfigMap, each with its line', () => {
    const text = `apiVersion: apps/v1
kind: Deployment
metadata:
  annotations:
    acme.example/sidecar-image: quay.io/acme/sidecar:1
    kubectl.kubernetes.io/last-applied-configuration: '{"image": "quay.io/acme/old:1"}'
spec:
  template:
    spec:
      containers:
        - image: quay.io/acme/operator:1
          env:
            - name: RELATED_IMAGE_DB
              value: db:12
            - name: VERSIONS
              value: |
                12=quay.io/acme/db:12
                13=quay.io/acme/db:13
            - name: ADDRESS
              value: https://x.example/a:1
---
apiVersion: v1
kind: ConfigMap
data:
  pod.yaml: |
    spec:
      # image: quay.io/acme/comment:1
      containers:
        - image: nginx:1
        - image: "{{ .Values.image }}"
  config: |
    listen: 0.0.0.0:80/x
    proxy http://x.example/a:1
    sidecar = quay.io/acme/proxy:2,
`;
    const { requests, candidates } = read(text);
    expect(requests).toEqual([[11, 'quay.io/acme/operator:1']]);
    expect(candidates).toEqual([
      [5, 'quay.io/acme/sidecar:1', 'it is the annotation acme.example/sidecar-image'],
      [14, 'db:12', 'it is the value of the variable RELATED_IMAGE_DB, and so very likely an image'],
      [17, 'quay.io/acme/db:12', 'it is the value of the variable VERSIONS'],
      [18, 'quay.io/acme/db:13', 'it is the value of the variable VERSIONS'],
      [29, 'nginx:1', 'it is a text in a ConfigMap'],
      [30, '{{ .Values.image }}', 'it is a text in a ConfigMap'],
      [34, 'quay.io/acme/proxy:2', 'it is a text in a ConfigMap'],
    ]);
  });

  it('has no image in schemas, Secrets, and keys of operators that are something else', () => {
    const text = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
spec: {properties: {image: {type: string, default: "quay.io/acme/schema:1"}}}
---
apiVersion: v1
kind: Secret
stringData: {a: "quay.io/acme/secret:1"}
---
apiVersion: acme.example/v1
kind: Machine
spec:
  image: ubuntu-22.04
  url: https://x.example/disk:1
  disk: {image: /var/lib/disk.img}
  taint: acme.example/role:NoSchedule
  version: "12"
  db: {image: quay.io/acme/db}
`;
    expect(read(text)).toEqual({
      requests: [],
      candidates: [
        [17, 'quay.io/acme/db:', 'it is the value of the key image, and its tag may be in another field'],
      ],
      rejects: [],
      ignored: ['CustomResourceDefinition', 'Secret'],
      warnings: [],
    });
  });

  it('lists what a node holds by tag, pinned where one digest is of the same repository', () => {
    const text = JSON.stringify({
      apiVersion: 'v1',
      kind: 'List',
      items: [
        {
          kind: 'Node',
          status: {
            images: [
              { names: [`quay.io/a/b@sha256:${HEX}`, 'quay.io/a/b:1', 'quay.io/a/b:latest'], sizeBytes: 1 },
              { names: [`quay.io/a/c@sha256:${HEX}`, '<none>:<none>'] },
              {
                names: [`quay.io/a/d@sha256:${HEX}`, `quay.io/a/d@sha256:${'b'.repeat(64)}`, 'quay.io/a/d:1'],
              },
            ],
          },
        },
      ],
    });
    const { requests, ignored } = read(text);
    expect(requests.map(([, ref]) => ref)).toEqual([
      `quay.io/a/b:1@sha256:${HEX}`,
      `quay.io/a/b:latest@sha256:${HEX}`,
      `quay.io/a/c@sha256:${HEX}`,
      'quay.io/a/d:1',
    ]);
    expect(ignored).toEqual(['images without a name']);
  });

  it('may contain certificates, has its repeated keys joined, and its bad images reported with their lines', () => {
    const text = `apiVersion: apps/v1
kind: Deployment
caBundle: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUJ
spec:
  containers: [{image: "{{ .Values.image }}"}, {image: "oci:/etc/x"}, {image: Foo/Bar}]
  containers: [{image: [a]}, {image: "quay.io/a/b:1"}]
`;
    const { requests, rejects, warnings } = read(text);
    expect(requests).toEqual([[6, 'quay.io/a/b:1']]);
    expect(rejects).toEqual([
      [5, expect.stringContaining('template')],
      [5, 'an image of this format comes from a registry'],
      [5, expect.stringContaining('lower case')],
      [6, `'image' is not text`],
    ]);
    expect(warnings).toEqual([[6, `the key 'containers' occurs twice; its values are joined`]]);
  });

  it('may have expressions inside of texts, and paths that ko builds', () => {
    const text = `apiVersion: v1
kind: Pod
spec:
  containers:
    - image: quay.io/a/b:1
      workingDir: /work/{{inputs.path}}
    - image: ko://acme.example/cmd/a
`;
    const { requests, rejects } = read(text);
    expect(requests).toEqual([[5, 'quay.io/a/b:1']]);
    expect(rejects).toEqual([[7, 'this is a Go package, which ko builds']]);
  });

  it('trap 18: is read in one pass, however often it names an image', () => {
    const pod = 'apiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - image: quay.io/a/b:1\n';
    expect(read(Array.from({ length: 2000 }, () => pod).join('---\n')).requests).toHaveLength(2000);
  });
});

describe('L10: a part of a resource', () => {
  /** Requests, and candidates with a question mark, of the third line. */
  const images = (apiVersion: string, text: string): readonly string[] => {
    const {
      requests = [],
      candidates = [],
      rejects = [],
    } = setsOf(`apiVersion: ${apiVersion}\nkind: X\n${text}\n`);
    return [...requests, ...candidates.map((text) => text.replace(/ \(.*/, ' ?')), ...rejects].map((text) =>
      text.replace('3 ', ''),
    );
  };

  it.each([
    ['spec: {containers: {image: "q.io/a:1"}}', ['q.io/a:1']],
    ['spec: {container: [{image: "q.io/a:1"}]}', ['q.io/a:1']],
    ['containers: [{image: "q.io/a:1"}]', ['q.io/a:1']],
    ['spec: {volumes: {image: {reference: "q.io/a:1"}}}', []],
    [
      'spec: {volumes: [{image: {reference: "q.io/a:1"}}, {containerDisk: {image: "q.io/b:1"}}, {image: "q.io/c:1"}]}',
      ['q.io/a:1', 'q.io/b:1'],
    ],
    [
      'spec: {containers: [{env: {name: A, value: "q.io/a:1"}, args: "q.io/b:1", command: {a: "q.io/c:1"}}]}',
      [],
    ],
    [
      'spec: {containers: [{env: [{name: [A], value: "q.io/a:1"}, {value: "b:1"}, {name: IMAGE, value: ["q.io/c:1"]}]}]}',
      ['q.io/a:1 ?'],
    ],
    [
      'spec: {containers: [{args: ["--image=b:1", "--x=b:2", "--x=q.io/a/b:1", "--image", "--x=y=q.io/a/c:1", "a/d:1", ["q.io/e:1"]]}]}',
      ['b:1 ?', 'q.io/a/b:1 ?', 'q.io/a/c:1 ?', 'a/d:1 ?'],
    ],
    ['metadata: {annotations: {image: "a/b:1", other: "q.io/a/b:1", my-image: ["q.io/a/c:1"]}}', ['a/b:1 ?']],
    ['spec: {template: {metadata: {annotations: {image: "q.io/a/d:1"}}}}', ['q.io/a/d:1 ?']],
    ['metadata: {annotations: ["q.io/a/b:1"]}', []],
    ['spec: {image: "q.io/a:1"}', []],
  ])('of Kubernetes itself has these images: %s', (text, expected) => {
    expect(images('apps/v1', text)).toEqual(expected);
  });

  it.each([
    ['spec: {image: "docker://q.io/a:1"}', ['q.io/a:1 ?']],
    ['spec: {x: "docker://a/b:1"}', ['a/b:1 ?']],
    ['spec: {x: "docker://b:1"}', []],
    ['spec: {myImage: "b:1"}', ['b:1 ?']],
    ['spec: {x: "a/b:1"}', []],
    ['spec: {a: {b: {image: "q.io/a/b"}}}', ['q.io/a/b: ?']],
    ['spec: {a: {b: {image: "q.io/a/b:1"}}}', ['q.io/a/b:1 ?']],
    ['spec: {image: "a/b"}', []],
    ['spec: {image: "a/b:1"}', ['docker.io/a/b:1']],
    ['spec: {a: [{image: "q.io/b:1"}]}', ['q.io/b:1']],
    ['other: {image: "q.io/b:1"}', ['q.io/b:1 ?']],
    ['image: "q.io/b:1"', ['q.io/b:1 ?']],
    ['metadata: {image: "q.io/a/b:1"}', []],
    ['status: {image: "q.io/a/b:1"}', []],
    ['spec: {a: {b: {image: {repository: q.io/a/b, tag: "1"}}}}', ['q.io/a/b:1 ?']],
    ['other: {image: {repository: q.io/a/b, tag: "1"}}', ['q.io/a/b:1 ?']],
    ['spec: {image: {a: "q.io/a/b:1"}}', ['q.io/a/b:1 ?']],
    [
      'spec: {values: {image: "b:1"}, valuesObject: {image: "c:1"}, helmValues: {image: "d:1"}}',
      ['b:1 ?', 'c:1 ?', 'd:1 ?'],
    ],
    [
      'spec: {env: [{name: a, value: "x=q.io/a/b:1"}, {name: A_1, value: "x=q.io/a/c:1"}, {name: A_IMAGE, value: "d:1"}]}',
      ['q.io/a/c:1 ?', 'd:1 ?'],
    ],
    [
      'spec: {steps: [[{image: "q.io/a:1", x: {image: "q.io/b:1"}, args: ["x"], env: [{name: A, value: "q.io/c:1"}]}]]}',
      ['q.io/b:1 ?'],
    ],
    ['spec: {text: "a\\n  image: b:1\\n"}', ['b:1 ?']],
  ])('of an operator has these images: %s', (text, expected) => {
    expect(images('acme.example/v1', text)).toEqual(expected);
  });

  it.each([
    ['argoproj.io/v1', true],
    ['cluster.x-k8s.io/v1', true],
    ['x-k8s.io/v1', true],
    ['xk8s.io/v1', true],
    ['k8s.io.example/v1', true],
    ['networking.k8s.io/v1', false],
    ['k8s.io/v1', false],
    ['v1', false],
  ])('of the group %s is that of an operator: %s', (apiVersion, isCustom) => {
    expect(images(apiVersion, 'spec: {image: "q.io/a:1"}')).toEqual(isCustom ? ['q.io/a:1'] : []);
  });

  it.each([
    ['Secret', '{data: {image: "q.io/a/b:1"}}', { ignored: ['Secret'] }],
    ['Node', '{status: {images: [{names: ["q.io/a/b:1"]}]}}', { requests: ['3 q.io/a/b:1'] }],
    [
      'ConfigMap',
      '{data: {a: "x q.io/a/b:1"}}',
      { candidates: ['3 q.io/a/b:1 (it is a text in a ConfigMap)'] },
    ],
    ['Pod', '{kind: Secret, data: {image: "q.io/a/b:1"}}', { ignored: ['Secret'] }],
    ['', '{kind: Secret, data: {image: "q.io/a/b:1"}}', { ignored: ['Secret'] }],
    ['', '{spec: {containers: [{image: "q.io/a/b:1"}]}}', { requests: ['3 q.io/a/b:1'] }],
    ['Pod', 'text', { ignored: ['documents that are not resources'] }],
    ['Pod', '~', {}],
  ])('in a list of the kind %sList is read as what it is: %s', (kind, item, expected) => {
    expect(setsOf(`apiVersion: v1\nkind: ${kind}List\nitems: [${item}]\n`)).toEqual({
      format: 'kubernetes',
      ...expected,
    });
  });

  it('that is a status is told where it is there', () => {
    const ignored = (status: string) => setsOf(`apiVersion: v1\nkind: X\nstatus: ${status}\n`).ignored;
    expect([ignored('~'), ignored('{a: b}')]).toEqual([undefined, ['status']]);
  });
});

describe('L11: the image of a container', () => {
  const imageOf = (image: string) =>
    found(`kind: Pod\napiVersion: v1\nspec:\n  containers:\n    - image: ${image}\n`, 'x.yaml', 'kubernetes');

  it.each([
    ['quay.io/acme/oci:1', 'quay.io/acme/oci:1'],
    ['acme/docker-archive:1', 'docker.io/acme/docker-archive:1'],
    ['acme/dir:1', 'docker.io/acme/dir:1'],
    ['oci://quay.io/a/b:1', 'quay.io/a/b:1'],
  ])('is a reference, whatever the name of its repository: %s', (image, ref) => {
    expect(imageOf(image)).toMatchObject({ requests: [[5, ref]], rejects: [] });
  });

  it.each(['oci:x:1', 'docker-archive:x.tar', 'docker-daemon:x:1', 'dir:x'])(
    'is no path on this machine: %s',
    (image) => {
      expect(imageOf(image)).toMatchObject({
        requests: [],
        rejects: [[5, 'an image of this format comes from a registry']],
      });
    },
  );

  it('of a custom resource may have its tag in the name of its repository', () => {
    const image = (repository: string): string => `{repository: "${repository}", tag: ""}`;
    const text = `apiVersion: acme.example/v1\nkind: Db\nspec:\n  image: ${image('quay.io/a/b:1')}\n  db: {image: ${image('quay.io/a/c')}}\n`;
    const { requests, candidates } = found(text, 'x.yaml', 'kubernetes');
    expect(requests).toEqual([[4, 'quay.io/a/b:1']]);
    expect(candidates.map(([line, image]) => [line, image])).toEqual([[5, 'quay.io/a/c:']]);
  });

  it('of a custom resource is told with its key, where that is a word', () => {
    const keys = ['my image', ' image', 'image ', 'myImage'].map(
      (key, at) => `  "${key}": quay.io/a/${at}:1\n`,
    );
    const { candidates } = found(
      `apiVersion: acme.example/v1\nkind: Db\nspec:\n${keys.join('')}`,
      'x.yaml',
      'kubernetes',
    );
    expect(candidates.map(([, , why]) => why)).toEqual([
      ...Array.from({ length: 3 }, () => 'it is the value of the key'),
      'it is the value of the key myImage',
    ]);
  });
});

describe('L11: a rule for the fields of images', () => {
  const text = `apiVersion: apps/v1
kind: Deployment
spec:
  template:
    spec:
      containers:
        - image: quay.io/acme/operator:1
          env:
            - {name: HELPER, value: "openebs/linux-utils:3.4.0"}
            - {name: SHORT, value: busybox}
            - {name: LIST, value: "12=quay.io/acme/db:12 13=quay.io/acme/db:13"}
          args: ["--helper=acme/helper:1", "--level=2", "-v", "-acme/odd:1", "acme/bare:1", "", " "]
---
apiVersion: acme.example/v1
kind: Db
spec: {parts: [{imageName: "acme/db"}]}
---
apiVersion: v1
kind: Secret
stringData: {HELPER: "acme/secret:1"}
`;
  const refs = (...imageRules: string[]): string[] =>
    parseList(Buffer.from(text), 'x.yaml', { format: 'auto', defaultRegistry: 'docker.io', imageRules })
      .requests.map(({ source, origin }) => `${origin.line} ${refOf(source)}`)
      .filter((ref) => !ref.includes('operator'))
      .toSorted();

  it.each([
    ['Deployment/*.env.HELPER', ['9 docker.io/openebs/linux-utils:3.4.0']],
    ['Deployment/spec.template.spec.containers.env.SHORT', ['10 docker.io/library/busybox:latest']],
    ['*/*.env.LIST', ['11 quay.io/acme/db:12', '11 quay.io/acme/db:13']],
    ['Deployment/*.args', ['12 docker.io/acme/bare:1', '12 docker.io/acme/helper:1']],
    ['Db/spec.parts.imageName', ['16 docker.io/acme/db:latest']],
    ['Pod/*.env.HELPER', []],
    ['Deployment/*.env.HELP', []],
    ['*/stringData.*', []],
  ])('%s makes requests', (rule, expected) => {
    expect(refs(rule)).toEqual(expected);
  });

  it('is one of several, which need not fit the same fields', () => {
    expect(refs('Pod/*', '*.SHORT', '*.imageName')).toEqual([
      '10 docker.io/library/busybox:latest',
      '16 docker.io/acme/db:latest',
    ]);
  });

  it('makes no faults of what is no image beside the images', () => {
    const { rejects } = parseList(Buffer.from(text), 'x.yaml', {
      format: 'auto',
      defaultRegistry: 'docker.io',
      imageRules: ['Deployment/*.args'],
    });
    expect(rejects).toEqual([]);
  });

  it('is needed: without it, such a value is a candidate', () => {
    const { candidates } = read(text);
    expect(candidates.map(([line, image]) => `${line} ${image}`)).toContain('9 openebs/linux-utils:3.4.0');
    expect(refs()).toEqual([]);
  });

  it.each(['env.X', 'Deployment/', '/x', 'a b/c'])('%j is refused', (rule) => {
    expect(() => checkImageRules(['*/x', rule])).toThrow('image-rules: entry 2 is not KIND/PATH');
  });

  it.each([
    ['a/b.c', 'a/b.c', true],
    ['a/b.c', 'a/b', false],
    ['a/bb', 'a/b*b', true],
    ['a/b', 'a/b*b', false],
    ['a/b.x.c.y', 'a/*.c*y', true],
    ['a/b', '*', true],
  ])('a place %s fits the rule %s: %s', (place, rule, fits) => {
    expect(matchesRule(place, rule)).toBe(fits);
  });
});
