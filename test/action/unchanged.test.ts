import { describe, expect, it } from 'vitest';
import { outputsOf } from '../../src/action/outputs.ts';
import { asInput } from '../../src/options/index.ts';
import { renderJobSummary } from '../../src/view/index.ts';
import { encodeLock, type Lock } from '../../src/lock/index.ts';
import { digestOf } from '../../src/oci/digest.ts';
import type { ReleaseReport, RunReport } from '../../src/report/index.ts';
import { sampleImage, samplePush, sampleReport } from '../view/sample-report.ts';

const release: ReleaseReport = {
  repository: 'org/site',
  tag: 'v1',
  url: 'https://github.example/org/site/releases/tag/v1',
  draft: false,
  assets: [],
  removed: [],
};
const image = sampleImage({
  ref: 'ghcr.io/a/b:1',
  status: 'unchanged',
  size: 0,
  platforms: [],
  fetchedBytes: 0,
});
const unchanged = (parts: Partial<RunReport>): RunReport =>
  sampleReport({
    unchanged: true,
    outcome: 'done',
    failed: [],
    images: [image],
    bundle: undefined,
    archive: undefined,
    lock: undefined,
    ...parts,
  });
const render = (report: RunReport): string =>
  renderJobSummary(report, { reportFile: '/w/night.report.json', folder: '/w', spelling: asInput });

describe('a run with nothing to do, in an action', () => {
  it.each([
    ['Every push target has every image.', { push: [samplePush()] }],
    ['The release has every image.', { release }],
    ['Every push target and the release have every image.', { push: [samplePush()], release }],
  ])('says where everything is: %s', (words, parts) => {
    const summary = render(unchanged(parts));
    expect(summary).toMatch(/^## Unchanged: 1 image asked for, none copied\n/);
    expect(summary).toContain(words);
    // Nobody looked for its size, so there is no sum.
    expect(summary).toMatch(/\| - \| - \| unchanged \|/);
    expect(summary).not.toContain('each blob once');
  });

  it('has the digest of the lock that the release has, and none where no lock was read', () => {
    const empty: Lock = { version: 1, images: [], files: [], blobs: {} };
    const whole: Lock = { ...empty, images: [lockedImage()] };
    expect(outputsOf(unchanged({ push: [samplePush()] }), empty, 'r').digest).toBe('');
    expect(outputsOf(unchanged({ release }), whole, 'r').digest).toBe(digestOf(encodeLock(whole)));
  });
});

function lockedImage(): Lock['images'][number] {
  const digest = digestOf(Buffer.from('image'));
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  return {
    ref: image.ref,
    names: image.names,
    source: 'docker',
    digest,
    mediaType,
    root: digest,
    rootMediaType: mediaType,
    platforms: [],
    leaves: [],
    referrers: [],
  };
}
