import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { formatRunReport, runReportSchema } from '../../src/report/index.ts';
import { sampleReport } from '../view/sample-report.ts';

describe('report.json', () => {
  it('is read back as it was written', () => {
    const text = formatRunReport(sampleReport());
    expect(text.endsWith('}\n')).toBe(true);
    expect(runReportSchema.parse(JSON.parse(text))).toEqual(sampleReport());
  });

  it('names tool, skopeo, repository and commit', () => {
    expect(JSON.parse(formatRunReport(sampleReport()))).toMatchObject({
      tool: { name: 'oci-save', version: '0.1.0' },
      skopeoVersion: '1.9.3',
      repository: 'org/site',
      commit: '0123456789abcdef',
    });
  });

  it('says for every image, failure, candidate and reject where it stands', () => {
    const { images, failed, candidates, rejects } = runReportSchema.parse(sampleReport());
    const origins = [
      ...images.flatMap((image) => image.origins),
      ...failed.flatMap((failure) => failure.origins),
      ...[...candidates, ...rejects].map(({ origin }) => origin),
    ];
    expect(origins).toHaveLength(8);
    for (const { file, line } of origins) expect(`${file}:${line}`).toMatch(/\.(txt|yaml):[1-9]/);
  });

  it.each([
    ['an unknown field', { ...sampleReport(), secret: 'x' }],
    ['another version', { ...sampleReport(), version: 2 }],
    [
      'an unknown class',
      { ...sampleReport(), failed: [{ ref: 'a', origins: [], class: 'odd', message: 'm' }] },
    ],
    ['a local time', { ...sampleReport(), startedAt: 'yesterday' }],
    ['a bad digest', { ...sampleReport(), archive: { path: 'x', size: 1, digest: 'sha256:1' } }],
    ['line nought', { ...sampleReport(), warnings: [{ message: 'm', origin: { file: 'f', line: 0 } }] }],
  ])('refuses %s', (_, report) => {
    expect(runReportSchema.safeParse(report).success).toBe(false);
  });

  it('has a JSON Schema', () => {
    const schema = z.toJSONSchema(runReportSchema, { unrepresentable: 'any' });
    expect(schema.additionalProperties).toBe(false);
    expect(schema.required).toContain('failed');
    expect(schema.required).not.toContain('archive');
  });
});
