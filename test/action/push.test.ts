import { describe, expect, it } from 'vitest';
import { failureAnnotations, verdictOf, warningAnnotations } from '../../src/action/annotations.ts';
import { outputsOf } from '../../src/action/outputs.ts';
import { renderJobSummary } from '../../src/view/index.ts';
import { asInput } from '../../src/options/index.ts';
import { OciSaveError } from '../../src/errors.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { encodeLock, type Lock } from '../../src/lock/index.ts';
import { failureOf, formatRunReport, type RunReport, spellReport } from '../../src/report/index.ts';
import { hint, option } from '../../src/text/hint.ts';
import { samplePush, sampleReport } from '../view/sample-report.ts';

const lock: Lock = { version: 1, images: [], files: [], blobs: {} };
const report = (parts: Partial<RunReport> = {}): RunReport =>
  sampleReport({ outcome: 'failed', failed: [], push: [samplePush()], ...parts });
const places = { reportFile: '/w/oci-bundle.report.json', folder: '/w', spelling: asInput };

describe('a push in an action', () => {
  it('that failed is in the outputs, beside what was saved', () => {
    const outputs = outputsOf(report(), lock, 'report.json');
    expect(JSON.parse(outputs.failed)).toEqual([
      {
        ref: 'registry.example:5000/mirror/quay.io/a/e:1',
        class: 'denied',
        message: 'the registry answered 403',
      },
    ]);
    expect(outputs.digest).toBe(digestOf(encodeLock(lock)));
    expect(outputs.path).toBe('oci bundle');
  });

  it('is annotated, as error or as warning', () => {
    const [annotation] = failureAnnotations(report(), () => undefined);
    expect(annotation?.title).toBe('Image not pushed (denied)');
    expect(annotation?.message).toContain('registry.example:5000/mirror/quay.io/a/e:1');
    const warned = warningAnnotations(report({ outcome: 'warned', warnings: [] }), [], () => undefined);
    expect(warned.some(({ title }) => title === 'Image not pushed (denied)')).toBe(true);
    expect(verdictOf(report())).toBe('not all images could be pushed to registry.example:5000/mirror');
  });

  it('has a section of the summary, with escaped words', () => {
    const summary = renderJobSummary(report(), places);
    expect(summary).toMatch(/^## 4 images saved, not all pushed to registry\.example:5000\/mirror\n/);
    expect(summary).toContain('### Push to registry.example:5000/mirror: 1 pushed, 1 unchanged, 1 kept');
    expect(summary).toContain('sent 3 blobs, 1.9 MiB; 4 mounted, 5 there before.');
    expect(summary).toContain('<br>Hint: Log in &#60;there&#62;. |');
    expect(summary).toMatch(/narrowed, [0-9a-f]{12} is there as [0-9a-f]{12}/);
  });

  it('keeps the summary below 1 MiB whatever happens', () => {
    const words = '<'.repeat(1900);
    const many = <T>(make: (at: number) => T): T[] => Array.from({ length: 40 }, (_, at) => make(at));
    const targets = Array.from({ length: 5 }, () =>
      samplePush({
        images: many((at) => ({ ...samplePush().images[0]!, as: `${at}${words}` })),
        failed: many(() => ({
          ref: words,
          origins: [],
          class: 'network' as const,
          message: words,
          hint: words,
        })),
      }),
    );
    const summary = renderJobSummary(report({ push: targets }), places);
    expect(Buffer.byteLength(summary)).toBeLessThan(200_000);
  });

  it('names inputs where the command has flags', () => {
    const advice = hint`Save all their platforms, or let them be narrowed: ${option('index', 'auto')}.`;
    const error = new OciSaveError({ code: 'unsupported', message: 'm', hint: advice });
    const made = report({ push: [samplePush({ failed: [failureOf(error, 'r', [])] })] });
    const [target] = spellReport(made, asInput).push ?? [];
    expect(target?.failed[0]?.hint).toContain('`index: auto`');
    expect(formatRunReport(made)).toContain('let them be narrowed: --index auto.');
  });
});
