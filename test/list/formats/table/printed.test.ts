import { describe, expect, it } from 'vitest';
import { found } from '../found.ts';

const [A, B] = ['a'.repeat(64), 'b'.repeat(64)];
const tool = (text: string) => found(text, 'images.txt', 'tool-output');

describe('found F1: counted lines', () => {
  it('are read without their counts', () => {
    expect(found('      3 quay.io/a/b:1\n     12 busybox:1.36\n', 'x', 'counted').requests).toEqual([
      [1, 'quay.io/a/b:1'],
      [2, 'docker.io/library/busybox:1.36'],
    ]);
  });

  it.each(['3 quay.io/a/b:1\nquay.io/a/c:1\n', '3 a\n4 b\n', '3 quay.io/a/b:1 x\n'])('are not %j', (text) => {
    expect(() => found(text, 'x', 'counted')).toThrow(/expected/);
  });
});

describe('found F1: groups of references', () => {
  it('are one error that names the form', () => {
    const { rejects } = found('base: quay.io/a/b:1 quay.io/a/c:1\nweb: x/y:1 z/w:2\n', 'x', 'groups');
    expect(rejects).toEqual([
      [1, 'this is a list with groups of images; a group has several references in one line'],
    ]);
    const templated = 'base: quay.io/a/b:1 quay.io/a/c-{{ arch }}:1\nweb: x/y:1 z/w:2\n';
    expect(found(templated, 'x', 'unknown').rejects).toEqual([[1, 'this is a template']]);
  });
});

describe('L15: references in one line', () => {
  it('are read as kubectl prints them', () => {
    expect(
      found('quay.io/a/b:1 busybox quay.io/a/c:2\tx/y:3\n', 'x', 'words').requests.map(([, ref]) => ref),
    ).toEqual(['quay.io/a/b:1', 'docker.io/library/busybox:latest', 'quay.io/a/c:2', 'docker.io/x/y:3']);
  });

  it.each(['a/b:1 c/d:1\n', 'dear reader hello\n', 'a/b:1 c/d:1 e/f:1\ng/h:1\n', 'a/b:1 c//d:1 e/f:1\n'])(
    'are not %j',
    (text) => {
      expect(() => found(text, 'x', 'words')).toThrow(/expected/);
    },
  );
});

describe('L15: the table of a tool', () => {
  it.each<[tool: string, table: string, refs: string[], ignored: string[]]>([
    [
      'docker images',
      `REPOSITORY          TAG       IMAGE ID       CREATED       SIZE
quay.io/a/b         1.10      0123456789ab   2 weeks ago   1MB
quay.io/a/none      <none>    0123456789ab   2 weeks ago   1MB
<none>              <none>    0123456789ab   2 weeks ago   1MB
`,
      ['quay.io/a/b:1.10'],
      ['images without a name'],
    ],
    [
      'docker images --digests',
      `REPOSITORY   TAG      DIGEST   IMAGE ID   CREATED   SIZE
quay.io/a/b   1        sha256:${A}   0123456789ab   2 weeks ago   1MB
quay.io/a/c   <none>   sha256:${A}   0123456789ab   2 weeks ago   1MB
quay.io/a/d   2        <none>        0123456789ab   2 weeks ago   1MB
`,
      [`quay.io/a/b:1@sha256:${A}`, `quay.io/a/c@sha256:${A}`, 'quay.io/a/d:2'],
      [],
    ],
    [
      'docker images of Docker 29',
      `IMAGE                ID             DISK USAGE   CONTENT SIZE   EXTRA
quay.io/a/b:1.10     0123456789ab        1MB          1MB
<untagged>           0123456789ab        1MB          1MB
`,
      ['quay.io/a/b:1.10'],
      ['images without a name'],
    ],
    [
      'podman images',
      'REPOSITORY  TAG  IMAGE ID  CREATED  SIZE  R/O\nlocalhost/a/b  1  0123456789ab  2 weeks ago  1 MB  false\n',
      ['localhost/a/b:1'],
      [],
    ],
    [
      'docker ps',
      'CONTAINER ID   IMAGE   COMMAND   CREATED   STATUS   PORTS   NAMES\n0123456789ab   quay.io/a/b:1   "sh"   1 day ago   Up 1 day   x\nfedcba987654   0123456789ab   "sh"   1 day ago   Up   y\n',
      ['quay.io/a/b:1'],
      ['images without a name'],
    ],
    [
      'crictl images',
      'IMAGE               TAG    IMAGE ID        SIZE\nquay.io/a/b         1.10   0123456789abc   1MB\n',
      ['quay.io/a/b:1.10'],
      [],
    ],
    [
      'ctr images ls',
      `REF             TYPE          DIGEST        SIZE     PLATFORMS     LABELS
quay.io/a/b:1   application/x sha256:${A} 1.0 MiB linux/amd64 -
quay.io/a/c@sha256:${B} application/x sha256:${B} 1.0 MiB linux/amd64 -
sha256:${B} application/x sha256:${B} 1.0 MiB linux/amd64 -
`,
      ['quay.io/a/b:1', `quay.io/a/c@sha256:${B}`],
      ['images without a name'],
    ],
    [
      'images of a registry with a port',
      'IMAGE TAG DIGEST\nx.example:5000/a 1 -\nx.example:5000/b 2 <none>\n',
      ['x.example:5000/a:1', 'x.example:5000/b:2'],
      [],
    ],
    [
      'kubectl get deployments -o wide',
      'NAMESPACE  NAME  READY  UP-TO-DATE  AVAILABLE  AGE  CONTAINERS  IMAGES  SELECTOR\nx  web  1/1  1  1  5d  a,b  quay.io/a/b:1,quay.io/a/c:2  app=x\n',
      ['quay.io/a/b:1', 'quay.io/a/c:2'],
      [],
    ],
  ])('is read: %s', (_, table, refs, ignored) => {
    const list = tool(table);
    expect(list.requests.map(([, ref]) => ref)).toEqual(refs);
    expect(list).toMatchObject({ rejects: [], ignored });
    expect(list.requests[0]?.[0]).toBe(2);
  });

  it('has rows that are no images reported with their lines', () => {
    const { rejects } = tool(`REPOSITORY  TAG  SIZE\nFoo/Bar  1  1MB\n${'a'.repeat(5000)} 1\n`);
    expect(rejects).toEqual([
      [2, expect.stringContaining('lower case')],
      [3, 'this row is longer than 4096 characters'],
    ]);
  });
});

describe('L15: the JSON of a tool', () => {
  it.each<[tool: string, json: string, refs: string[], ignored: string[]]>([
    [
      'docker images --format json',
      `{"Repository": "quay.io/a/b", "Tag": "1.10", "Digest": "<none>", "ID": "0123"}
{"Repository": "quay.io/a/c", "Tag": "2", "Digest": "sha256:${A}", "ID": "0123"}
{"Repository": "<none>", "Tag": "<none>", "Digest": "<none>", "ID": "0123"}
`,
      ['quay.io/a/b:1.10', `quay.io/a/c:2@sha256:${A}`],
      ['images without a name'],
    ],
    [
      'crictl images -o json',
      JSON.stringify({
        images: [
          { id: 'x', repoTags: ['quay.io/a/b:1'], repoDigests: [`quay.io/a/b@sha256:${A}`] },
          { id: 'x', repoTags: [], repoDigests: [`quay.io/a/c@sha256:${B}`] },
          { id: 'x', repoTags: [], repoDigests: [] },
        ],
      }),
      [`quay.io/a/b:1@sha256:${A}`, `quay.io/a/c@sha256:${B}`],
      ['images without a name'],
    ],
    [
      'docker inspect',
      JSON.stringify([{ Id: 'x', RepoTags: ['quay.io/a/b:1', 'quay.io/a/b:2'], RepoDigests: [] }]),
      ['quay.io/a/b:1', 'quay.io/a/b:2'],
      [],
    ],
    [
      'crictl images of a registry with a port',
      JSON.stringify({
        images: [{ repoTags: ['x.example:5000/a:1'], repoDigests: [`x.example:5000/a@sha256:${A}`] }],
      }),
      [`x.example:5000/a:1@sha256:${A}`],
      [],
    ],
    [
      'podman images --format json',
      JSON.stringify([{ Id: 'x', Names: ['quay.io/a/b:1'], RepoDigests: [`quay.io/a/b@sha256:${A}`] }]),
      [`quay.io/a/b:1@sha256:${A}`],
      [],
    ],
  ])('is read: %s', (_, json, refs, ignored) => {
    const list = tool(json);
    expect(list.requests.map(([, ref]) => ref)).toEqual(refs);
    expect(list).toMatchObject({ rejects: [], ignored });
  });
});
