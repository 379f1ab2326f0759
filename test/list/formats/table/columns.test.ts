import { describe, expect, it } from 'vitest';
import { parseList } from '../../../../src/list/index.ts';
import { formatPlatform } from '../../../../src/oci/platform.ts';
import { formatReference } from '../../../../src/oci/reference.ts';
import { found } from '../found.ts';

const [A, B] = ['a'.repeat(64), 'b'.repeat(64)];
const read = (text: string) => found(text, 'images.csv', 'columns');

/** The entries of a table with their platforms and stored names. */
function entries(text: string): string[] {
  const list = parseList(Buffer.from(text), 'x.csv', { format: 'auto', defaultRegistry: 'docker.io' });
  return list.requests.map(({ source, platforms, storedAs }) => {
    const ref = source.transport === 'docker' ? formatReference(source.reference) : '';
    const named = platforms === 'all' ? 'all' : platforms?.map(formatPlatform).join(',');
    return [ref, named ?? '-', ...storedAs.map(formatReference)].join(' ');
  });
}

describe('L23: a table of IBM', () => {
  it('has a registry, a name, a tag and a digest in each row, and the platform of a manifest', () => {
    const text = `registry,image_name,tag,digest,mtype,os,arch,variant,insecure,digest_source,image_type,groups
icr.example,cp/web,1.10,sha256:${A},LIST,"","","",0,CASE,"",""
icr.example,cp/web,1.10-arm64,sha256:${B},IMAGE,linux,arm64,v8,0,CASE,"",web

lab.example:5000,cp/db,"",sha256:${A},IMAGE,linux,amd64,"",1,CASE,"",db
lab.example:5000,cp/more,2,"",LIST,"","","",1,CASE,"",db
`;
    expect(read(text)).toEqual({
      requests: [
        [2, `icr.example/cp/web:1.10@sha256:${A}`],
        [3, `icr.example/cp/web:1.10-arm64@sha256:${B}`],
        [5, `lab.example:5000/cp/db@sha256:${A}`],
        [6, 'lab.example:5000/cp/more:2'],
      ],
      candidates: [],
      rejects: [],
      ignored: ['the column digest_source', 'the column image_type', 'the column groups'],
      warnings: [[5, expect.stringContaining(`not to verify 'lab.example:5000'`)]],
    });
    expect(entries(text).map((entry) => entry.split(' ')[1])).toEqual([
      '-',
      'linux/arm64',
      'linux/amd64',
      '-',
    ]);
  });
});

describe('L15: a table with a header', () => {
  it.each([
    ['image,tag', 'quay.io/a/b,1.10', ['quay.io/a/b:1.10 -']],
    ['Image;Version', 'quay.io/a/b;1', ['quay.io/a/b:1 -']],
    ['reference\tplatform', 'quay.io/a/b:1\tlinux/arm64', ['quay.io/a/b:1 linux/arm64']],
    ['tag,repository', '1,quay.io/a/b', ['quay.io/a/b:1 -']],
    ['repository,image,tag', 'quay.io/a,b,1', ['quay.io/a/b:1 -']],
    ['repository,image,tag', 'x,quay.io/a/b,1', ['quay.io/a/b:1 -']],
    ['registry,name', 'quay.io/,a/b:1', ['quay.io/a/b:1 -']],
    ['registry,name', 'quay.io,x.example/a/b:1', ['x.example/a/b:1 -']],
    ['image,sha', `quay.io/a/b:1,${A}`, [`quay.io/a/b:1@sha256:${A} -`]],
    ['image,tag', `quay.io/a/b@sha256:${A},1`, [`quay.io/a/b:1@sha256:${A} -`]],
    ['image,tag', 'quay.io/a/b:1,1', ['quay.io/a/b:1 -']],
    ['image,arch', 'quay.io/a/b:1,amd64;arm64', ['quay.io/a/b:1 linux/amd64,linux/arm64']],
    ['image,architecture', 'quay.io/a/b:1,amd64|arm64', ['quay.io/a/b:1 linux/amd64,linux/arm64']],
    [
      'image,platforms',
      'quay.io/a/b:1,"linux/amd64, linux/arm64"',
      ['quay.io/a/b:1 linux/amd64,linux/arm64'],
    ],
    ['image,os,arch', 'quay.io/a/b:1,windows,amd64', ['quay.io/a/b:1 windows/amd64']],
    ['image,os,arch,variant', 'quay.io/a/b:1,linux,arm,v6', ['quay.io/a/b:1 linux/arm/v6']],
    ['image,arch,variant', 'quay.io/a/b:1,linux/s390x;arm,v6', ['quay.io/a/b:1 linux/s390x,linux/arm/v6']],
    ['image,target', 'quay.io/a/b:1,x.example/c', ['quay.io/a/b:1 - x.example/c:1']],
    ['image,note', 'quay.io/a/b:1,"a ""note"", with a comma"', ['quay.io/a/b:1 -']],
    ['image,tag', 'quay.io/a/b', ['quay.io/a/b:latest -']],
  ])('%s is read: %s', (header, row, expected) => {
    expect(entries(`${header}\n${row}\n`)).toEqual(expected);
  });

  it.each([
    ['image,tag', ',1', 'this row does not name an image'],
    ['image,tag', 'a/b:1,2', 'the reference and the column of tags name different tags'],
    ['image,tag', '"a/b,2', 'a quote of this row is not closed'],
    ['image,tag', 'a/b,2,3', 'this row has 3 cells, and the header 2'],
    ['image,tag', 'oci:x,2', 'an image of this format comes from a registry'],
    ['image,tag', `a/b,${'1'.repeat(5000)}`, 'this row is longer than 4096 characters'],
    ['image,digest', 'a/b,latest', 'its digest is not a sha256 digest'],
  ])('%s has a row that is reported with its line: %s', (header, row, reason) => {
    expect(read(`# images\n${header}\n${row}\n`).rejects).toEqual([[3, reason]]);
  });
});

describe('L15: rows of source, target and tag', () => {
  it('have a name without a registry as the stored name, and places to push to are left out', () => {
    const text = 'docker.io/a/b mirrored/b 1\nquay.io/a/c registry.example/a/c v1.10\n';
    expect(entries(text)).toEqual(['docker.io/a/b:1 - docker.io/mirrored/b:1', 'quay.io/a/c:v1.10 -']);
    expect(read(text).ignored).toEqual(['targets']);
  });

  it('are reported where a row has other columns', () => {
    const list = parseList(Buffer.from('quay.io/a/b x/b 1\nquay.io/a/c\n'), 'x', {
      format: 'columns',
      defaultRegistry: 'docker.io',
    });
    expect(list.rejects).toMatchObject([{ origin: { line: 2 } }]);
  });
});
