import { describe, expect, it } from 'vitest';
import { renderTable } from '../../src/cli/list/render.ts';
import { digest } from './sample-report.ts';

const short = (text: string): string => digest(text).slice(0, 'sha256:'.length + 12);
const IMAGES = [
  {
    ref: `registry.example/some/team/with/a/path/controller:v1.12.3@${digest('pin')}`,
    names: ['mirror.example/controller:v1.12.3'],
    digest: undefined,
    platforms: ['linux/amd64', 'linux/arm64'],
    origins: ['lists/images.txt:12'],
    options: [],
    entry: '',
  },
  {
    ref: 'quay.io/a/b:1',
    names: ['quay.io/a/b:1'],
    digest: digest('b'),
    platforms: [],
    origins: [],
    options: [],
    entry: '',
  },
];
const none = { candidates: [], rejects: [], problems: [] };
const lines = (width: number | undefined): string[] =>
  renderTable({ ...none, images: IMAGES }, width).split('\n');

describe('found I: the table of list', () => {
  it('fits 80 columns, and cuts nothing', () => {
    expect(lines(80)).toEqual([
      '  registry.example/some/team/with/a/path/controller:v1.12.3',
      `    ${short('pin')}  linux/amd64,linux/arm64  lists/images.txt:12`,
      '    => mirror.example/controller:v1.12.3',
      '  quay.io/a/b:1',
      `    ${short('b')}`,
      '',
    ]);
    expect(lines(80).every((line) => line.length <= 80)).toBe(true);
  });

  it('is one line an image where there is room', () => {
    expect(lines(160)).toEqual([
      '  IMAGE                                                      DIGEST               PLATFORMS                FROM',
      `  registry.example/some/team/with/a/path/controller:v1.12.3  ${short('pin')}  linux/amd64,linux/arm64  lists/images.txt:12`,
      '    => mirror.example/controller:v1.12.3',
      `  quay.io/a/b:1                                              ${short('b')}`,
      '',
    ]);
  });

  it('is one line an image for a program, with every name in it', () => {
    const [titles, first, second] = lines(undefined).map((line) => line.split(/ {2,}/));
    expect(titles).toEqual(['IMAGE', 'STORED AS', 'DIGEST', 'PLATFORMS', 'FROM']);
    expect(first).toEqual([
      'registry.example/some/team/with/a/path/controller:v1.12.3',
      'mirror.example/controller:v1.12.3',
      short('pin'),
      'linux/amd64,linux/arm64',
      'lists/images.txt:12',
    ]);
    expect(second?.[0]).toBe('quay.io/a/b:1');
  });

  it.each([undefined, 160])('F6: has a column of referrers where images have some (width %s)', (width) => {
    const [plain, signed] = IMAGES.map((image, at) => (at === 1 ? { ...image, referrers: 2 } : image));
    const images = [plain, signed].flatMap((one) => one ?? []);
    const shown = renderTable({ ...none, images }, width).split('\n');
    expect(shown[0]).toMatch(/ REFERRERS$/);
    expect(shown.find((line) => line.includes('quay.io'))).toMatch(/ 2$/);
  });
});
