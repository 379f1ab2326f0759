import { describe, expect, it } from 'vitest';
import { readLists } from '../../src/list/index.ts';
import { refOf } from '../../src/resolve/index.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;

describe('found L2: strict-tags', () => {
  const read = (...images: string[]) =>
    readLists({
      images,
      files: [],
      format: 'auto',
      defaultRegistry: 'docker.io',
      strictTags: true,
      onCandidate: 'report',
    });

  it.each([`x:latest@${DIGEST}`, `x@${DIGEST}`, 'x:1', 'docker-archive:app.tar'])(
    'takes %s',
    async (image) => {
      expect((await read(image)).requests).toHaveLength(1);
    },
  );

  it.each([
    ['x:latest', /^images:1: 'x:latest' is named by the tag latest$/],
    ['x', /^images:1: 'x' names no tag$/],
    ['docker-archive:app.tar:x:latest', /is named by the tag latest$/],
  ])('refuses %s', async (image, words) => {
    await expect(read(image)).rejects.toThrow(words);
  });

  it('takes the tag latest beside a digest as it is written', async () => {
    const { requests, warnings } = await read(`quay.io/a/b:latest@${DIGEST}`);
    expect(requests.map(({ source }) => refOf(source))).toEqual([`quay.io/a/b:latest@${DIGEST}`]);
    expect(warnings).toEqual([]);
  });
});
