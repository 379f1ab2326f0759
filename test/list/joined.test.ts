import { describe, expect, it } from 'vitest';
import { formatOrigin, readLists } from '../../src/list/index.ts';
import { parsePlatformChoice, type PlatformChoice } from '../../src/oci/platform.ts';
import { parsed } from '../support/parsed.ts';
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

describe('found F9: a platform in the name of a list', () => {
  const notes = async (
    file: string,
    platforms: PlatformChoice | undefined,
    text = 'quay.io/a/b:1\n',
  ): Promise<string[]> => {
    const { warnings } = await readLists({
      images: [],
      files: [],
      format: 'auto',
      defaultRegistry: 'docker.io',
      strictTags: false,
      onCandidate: 'report',
      platforms,
      lists: [{ file, ...parsed(text, { file }) }],
    });
    return warnings.map(({ message, origin }) => `${formatOrigin(origin)}: ${message}`);
  };
  const AMD64 = parsePlatformChoice('linux/amd64');

  it.each([
    ['images-core.linux-arm64.txt', 'linux/arm64'],
    ['arm64.txt', 'linux/arm64'],
    ['lists/x86_64/images_aarch64.txt', 'linux/arm64'],
    ['images.windows-amd64.txt', 'windows/amd64'],
    ['images-LINUX-S390X', 'linux/s390x'],
    ['rke2.linux-arm64.linux-ppc64le.txt', 'linux/arm64, linux/ppc64le'],
    ['C:\\amd64\\armhf.txt', 'linux/arm'],
  ])('that is not taken is told: %s', async (file, named) => {
    expect(await notes(file, AMD64)).toEqual([
      `${file}:1: its file name says ${named}, its images are taken for linux/amd64`,
    ]);
  });

  it('is told with the line of the first image without a platform of its own, and the platforms that are taken', async () => {
    const text = '--platform=linux/arm64 quay.io/a/b:1\nquay.io/a/c:1\nquay.io/a/d:1\n';
    expect(await notes('x.arm64.txt', parsePlatformChoice('linux/amd64,linux/arm/v6'), text)).toEqual([
      'x.arm64.txt:2: its file name says linux/arm64, its images are taken for linux/amd64, linux/arm/v6',
    ]);
    expect(await notes('x.arm64.txt', AMD64, '--platform=linux/arm64 quay.io/a/b:1\n')).toEqual([]);
  });

  it.each<[string, PlatformChoice | undefined]>([
    ['images.linux-amd64.txt', AMD64],
    ['images.arm64-amd64.txt', AMD64],
    ['images.linux-arm64.txt', 'all'],
    ['images.linux-arm64.txt', undefined],
    ['images.linux-arm.txt', parsePlatformChoice('linux/arm/v6')],
    ['arm64/images.txt', AMD64],
    ['charm64-alarm.txt', AMD64],
    ['images-2386.txt', AMD64],
  ])('is no note for %s', async (file, platforms) => {
    expect(await notes(file, platforms)).toEqual([]);
  });
});
