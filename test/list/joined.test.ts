import { describe, expect, it } from 'vitest';
import { readLists } from '../../src/list/index.ts';
import { detailAnnotations } from '../../src/action/annotations.ts';
import { faultsOfError } from '../../src/action/faults.ts';
import { asInput } from '../../src/options/index.ts';
import { renderError, renderErrorSummary } from '../../src/view/index.ts';
import { failureOf } from '../support/failure.ts';
import { refOf } from '../../src/resolve/index.ts';

const linesOf = (text: string): string[] => text.split('\n').map((line) => line.trim());

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

  it('found I: name what helps as data, so that each front end spells it', async () => {
    const error = await failureOf(read('x', 'quay.io/a/b:latest'));
    const lines = (word: string): string[] => [
      `images:1: 'x' names no tag (Write a version or a digest, or leave out ${word}.)`,
      `images:2: 'quay.io/a/b:latest' is named by the tag latest (Write a version or a digest, or leave out ${word}.)`,
    ];
    const shown = { color: false, verbose: false };
    expect(linesOf(renderError(error, shown)).slice(1, 3)).toEqual(lines('--strict-tags'));
    expect(linesOf(renderError(error, { ...shown, spelling: asInput })).slice(1, 3)).toEqual(
      lines('`strict-tags`'),
    );
    expect(linesOf(error.message).slice(1)).toEqual(lines('--strict-tags'));
    expect(detailAnnotations(error.details, () => undefined).map(({ message }) => message)).toEqual(
      lines('`strict-tags`'),
    );
    expect(renderErrorSummary(error, asInput)).toContain('or leave out `strict-tags`.');
    expect(JSON.stringify(faultsOfError(error))).toContain('or leave out `strict-tags`.');
  });

  it('takes the tag latest beside a digest as it is written', async () => {
    const { requests, warnings } = await read(`quay.io/a/b:latest@${DIGEST}`);
    expect(requests.map(({ source }) => refOf(source))).toEqual([`quay.io/a/b:latest@${DIGEST}`]);
    expect(warnings).toEqual([]);
  });
});
