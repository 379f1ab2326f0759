import { describe, expect, it } from 'vitest';
import { contentLines, MAX_ENTRIES } from '../../src/list/syntax/lines.ts';
import { parseYamlTrees } from '../../src/list/syntax/yaml-tree.ts';
import { parsed } from '../support/parsed.ts';

describe('found L3: a YAML list beyond a bound', () => {
  it.each([
    ['levels', '['.repeat(250), 'it is nested deeper than 200 levels'],
    ['documents', '---\na: b\n'.repeat(10_002), 'it has more than 10000 documents'],
  ])('of %s is refused with the errors before it', (_, large, reason) => {
    const { rejects } = parsed(`images: ["quay.io/\\q:1"]\n---\na: b\n---\n${large}`, { format: 'list' });
    expect(rejects.map(({ origin, reason: words }) => [origin.line, words])).toEqual([
      [1, 'it is not valid YAML: a text in double quotes has an escape that YAML does not know'],
      [expect.any(Number), reason],
    ]);
  });

  it('is no plain list, however its lines look', () => {
    expect(parsed(`a: b\n${'---\nquay.io/a/b:1\n'.repeat(10_002)}`)).toMatchObject({
      format: 'unknown',
      rejects: [{ reason: 'it has more than 10000 documents' }],
    });
  });

  it('is refused as JSON, too', () => {
    expect(parsed('[]\n'.repeat(10_001)).rejects).toMatchObject([
      { origin: { line: 10_001 }, reason: 'it has more than 10000 documents' },
    ]);
  });
});

describe('found L3: a list beyond a bound', () => {
  it('is read up to one entry more than a list may have', () => {
    const lines = contentLines('a\n'.repeat(MAX_ENTRIES + 10));
    expect(lines).toHaveLength(MAX_ENTRIES + 1);
    expect(lines.at(-1)?.number).toBe(MAX_ENTRIES + 1);
  });

  it('in JSON may have hundreds of thousands of entries in one line', () => {
    const { requests } = parsed(`[${'"quay.io/a/b:1",'.repeat(200_000)}"c:1"]`);
    expect(requests).toHaveLength(200_001);
  });

  it('of many tokens in YAML is left after two million', () => {
    expect(parseYamlTrees(`[${'a,'.repeat(1_100_000)}]`).problems).toEqual([
      { line: 1, reason: 'it has more than 2000000 YAML tokens', bound: true },
    ]);
  });

  it('has 500,000 entries at most', () => {
    const { requests, rejects } = parsed('a:1\n'.repeat(500_001), { format: 'plain' });
    expect(requests).toEqual([]);
    expect(rejects).toMatchObject([
      { origin: { line: 500_001 }, reason: 'a list has at most 500000 entries', hint: 'Split it.' },
    ]);
  });

  it('in plain text is left after ten thousand mistakes', () => {
    const { rejects } = parsed('a b c\n'.repeat(10_100), { format: 'plain' });
    expect(rejects).toHaveLength(10_001);
    expect(rejects.at(-1)?.reason).toMatch(/^too many mistakes/);
  });

  it.each([
    ['counted', '', '1 Foo/B\n'],
    ['kurl', '', 'asset\n'],
    ['columns', 'image,tag\n', 'Foo/B,1\n'],
    ['mapping', '', 'a\n'],
    ['words', '', 'Foo/B Bar/C\n'],
    ['tool-output', 'IMAGE TAG\n', 'Foo/B 1\n'],
    ['dockerfile', 'FROM a:1\n', 'COPY --from=Foo/B:1 . .\n'],
    ['quadlet', '', '[Image]\nImage=Foo/B\n'],
  ])('is left after ten thousand mistakes as %s, too', (format, header, line) => {
    const { rejects } = parsed(header + line.repeat(10_100), { format });
    expect(rejects).toHaveLength(10_001);
    expect(rejects.at(-1)?.reason).toMatch(/^too many mistakes/);
  });

  it('has no entry of more than 4096 characters, counted or not', () => {
    const tag = 'x'.repeat(4096);
    expect(parsed(`1 quay.io/a/b:${tag}\n`, { format: 'counted' }).rejects).toMatchObject([
      { reason: 'this entry is longer than 4096 characters' },
    ]);
  });

  it('in YAML is not read after ten thousand mistakes, which is said', () => {
    const { rejects } = parsed('- Foo/B\n'.repeat(10_100), { format: 'list' });
    expect(rejects).toHaveLength(10_001);
    expect(rejects.at(-1)).toMatchObject({
      origin: { line: 10_001 },
      reason: 'too many mistakes before this line: it and the rest were not read',
    });
  });

  it('has a thousand unknown keys in an entry at most', () => {
    const keys = Array.from({ length: 1500 }, (_, at) => `key${at}: x`).join(', ');
    expect(parsed(`- {image: a, ${keys}}`, { format: 'list' }).rejects).toHaveLength(1000);
  });
});

describe('found L3: a text with a long run of one character', () => {
  const COUNT = 1_000_000;
  const slashes = `quay.io${'/'.repeat(COUNT)}x`;

  /** Texts of 1 MiB, which is what is read of one. */
  const LINES = Object.fromEntries(
    Array.from({ length: 12 }, (_, at) => [`a${at}`, `x:${'.'.repeat(4000)}x\n`.repeat(250)]),
  );

  it.each([
    ['skopeo-sync', { [slashes]: { images: { a: ['1'] } } }],
    [
      'image-syncer',
      { images: { 'quay.io/a/b:1': '' }, auth: { [slashes]: { username: 'u', password: 'p' } } },
    ],
    ['dregsy', { tasks: [{ source: { registry: slashes }, mappings: [{ from: 'a', tags: ['1'] }] }] }],
    ['helm-values', { web: { repository: `a${':'.repeat(COUNT)}/`, tag: '' } }],
    ['kubernetes', { apiVersion: 'v1', kind: 'ConfigMap', data: LINES }],
  ])('is read in linear time in the format %s', (format, content) => {
    // The square of these lengths would take hours.
    expect(parsed(JSON.stringify(content), { format }).format).toBe(format);
  });
});
