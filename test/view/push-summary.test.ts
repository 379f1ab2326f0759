import { describe, expect, it } from 'vitest';
import { type PushReport, pushReportSchema, runReportSchema } from '../../src/report/index.ts';
import { renderPushSummary, renderSummary } from '../../src/view/index.ts';
import { digest, samplePush, sampleReport } from './sample-report.ts';

const report = (parts: Partial<PushReport> = {}): PushReport => ({
  version: 1,
  tool: { name: 'oci-save', version: '0.1.0' },
  bundle: 'oci bundle',
  outcome: 'failed',
  targets: [samplePush()],
  ...parts,
});
const short = (text: string): string => digest(text).slice('sha256:'.length, 'sha256:'.length + 12);
const done = samplePush({
  outcome: 'done',
  images: [],
  failed: [],
  totals: {
    pushed: 0,
    unchanged: 7,
    kept: 0,
    failed: 0,
    sentBlobs: 0,
    sentBytes: 0,
    mountedBlobs: 0,
    thereBlobs: 0,
  },
});

describe('the summary of a push', () => {
  it('tells figures, what is not as its source has it, and failures with hints', () => {
    expect(renderPushSummary(report(), { color: false }).split('\n')).toEqual([
      'Push to registry.example:5000/mirror: 1 pushed, 1 unchanged, 1 kept, 1 failed, 1 not started',
      '  sent 3 blobs, 1.9 MiB; 4 mounted, 5 there before; 2.5 s',
      `  registry.example:5000/mirror/quay.io/a/b:2: narrowed, ${short('quay.io/a/b:2')} is there as ${short('leaf')}`,
      `  registry.example:5000/mirror/quay.io/a/d:1: kept ${short('older')}, which is not ${short('quay.io/a/d:1')}`,
      '  registry.example:5000/mirror/quay.io/a/e:1',
      '    denied: the registry answered 403',
      '    hint: Log in <there>.',
      '',
      'Failed. Push again when the causes above are gone: only the rest is sent.',
    ]);
  });

  it('is two lines where nothing had to be done', () => {
    const text = renderPushSummary(report({ outcome: 'done', targets: [done] }), { color: false });
    expect(text).toBe('Push to registry.example:5000/mirror: 7 unchanged\n  nothing sent; 2.5 s');
  });

  it('of a dry run says what would be', () => {
    const [, ...others] = samplePush().images;
    const planned = samplePush({
      outcome: 'done',
      failed: [],
      images: [
        ...others.slice(0, 1),
        ...others.slice(1).map((image) => ({ ...image, status: 'to push' as const })),
      ],
      totals: { ...samplePush().totals, pushed: 0, kept: 0, failed: 0 },
    });
    const text = renderPushSummary(report({ dryRun: true, outcome: 'done', targets: [planned] }), {
      color: false,
    });
    expect(text).toContain('3 to push, 1 unchanged');
    expect(text).toContain('to send 3 blobs, 1.9 MiB; 4 to mount, 5 there before');
    expect(text).toContain('Dry run: nothing was sent.');
  });

  it('shows no line of a stranger’s as one of its own', () => {
    const evil = 'x\n::error::evil\u001b[2J';
    const target = samplePush({
      target: evil,
      images: samplePush().images.map((image) => ({ ...image, as: evil })),
      failed: [{ ref: evil, origins: [], class: 'network', message: evil, hint: evil }],
    });
    const lines = renderPushSummary(report({ targets: [target] }), { color: false }).split('\n');
    expect(lines.some((line) => line.startsWith('::') || line.includes('\u001b'))).toBe(false);
  });

  it('ends with a line where names were left out that do not fail it', () => {
    const warned = report({ outcome: 'warned', targets: [done, samplePush({ outcome: 'warned' })] });
    expect(renderPushSummary(warned, { color: false }).split('\n').at(-1)).toBe(
      'Done, but not all images were pushed. Push again when the causes above are gone: only the rest is sent.',
    );
    const lineOf = (parts: Partial<PushReport>): string | undefined =>
      renderPushSummary({ ...warned, ...parts }, { color: false })
        .split('\n')
        .at(-1);
    expect(lineOf({ dryRun: true })).toBe('Dry run: nothing was sent, and not all images could be pushed.');
    expect(lineOf({ outcome: 'done', targets: [done] })).not.toContain('Done');
  });

  it('stands in the summary of a save, whose last line names the target', () => {
    const { failed: _, ...whole } = sampleReport({ outcome: 'failed' });
    const text = renderSummary({ ...whole, failed: [], push: [samplePush(), done] }, { color: false });
    expect(text).toContain('Push to registry.example:5000/mirror: 1 pushed');
    expect(text.split('\n').at(-1)).toBe(
      'Failed: not all images are at registry.example:5000/mirror; the failures are listed above.',
    );
    const warned = renderSummary(
      { ...whole, outcome: 'warned', failed: [], push: [samplePush({ outcome: 'warned' })] },
      { color: false },
    );
    expect(warned).toContain('Done, but not all images are at registry.example:5000/mirror');
  });

  it('is made of reports that fit their schemas', () => {
    expect(pushReportSchema.parse(report())).toEqual(report());
    const run = sampleReport({ push: [samplePush()] });
    expect(runReportSchema.parse(run)).toEqual(run);
  });
});
