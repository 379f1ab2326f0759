import { describe, expect, it } from 'vitest';
import { asInput } from '../../src/options/index.ts';
import { renderErrorSummary, renderJobSummary, renderSummary } from '../../src/view/index.ts';
import { OciSaveError } from '../../src/errors.ts';
import { failureOf, type PushTargetReport, type RunReport } from '../../src/report/index.ts';
import { noteLines } from '../../src/report/image-rows.ts';
import { digest, sampleImage, samplePush, sampleReport } from './sample-report.ts';

const MIB = 1024 * 1024;
const places = { reportFile: '/w/site/oci-bundle.report.json', folder: '/w/site', spelling: asInput };
const render = (report: RunReport): string => renderJobSummary(report, places);

describe('the job summary', () => {
  it('found I: begins with what failed, then has the result and how to load it, then what is in it', () => {
    const inWorkspace = sampleReport({
      bundle: { path: '/w/site/oci bundle' },
      lock: { path: '/w/site/oci bundle/oci-save.lock.json', digest: digest('lock') },
      archive: { path: '/w/elsewhere/oci-bundle.tar', size: 90_100_000, digest: digest('tar') },
    });
    expect(render(inWorkspace)).toMatchInlineSnapshot(`
      "## 4 of 5 images saved

      17 blobs, 85.8 MiB: 29.6 MiB fetched, 56.3 MiB already here. 13 s.

      ### Failed: 1 image

      | Image | Why it failed, and what helps |
      | :-- | :-- |
      | \`images.txt:4\`, \`more.txt:12\`: \`docker.io/library/nope:1\` | **not-found**: it is not in the registry: 404 manifest unknown<br>Hint: Check the spelling and the tag. |

      | Result |  |
      | :-- | :-- |
      | Archive | \`/w/elsewhere/oci-bundle.tar\` |
      | Size | 85.9 MiB |
      | sha256 | \`90aebae315675cbf04612de4f7d5874850f48e0b8dd82becbeaa47ca93f5ebfb\` |
      | Bundle | <code>oci bundle</code> |
      | Lock | <code>oci bundle/oci-save.lock.json</code>, \`sha256:0c030586945fe504b604ecc2e875c38ede400cd5cd73da9730302162e6b02c6f\` |
      | Report | \`oci-bundle.report.json\` |

      At the site, in the folder with the archive:

      \`\`\`sh
      podman load -i oci-bundle.tar
      ctr -n k8s.io images import --no-unpack oci-bundle.tar
      \`\`\`

      ### Images: 4

      | Image | Digest | Platforms | Size | Fetched | Status |
      | :-- | :-- | :-- | --: | --: | :-- |
      | \`docker.io/library/nginx:latest\` | \`86cee2c10898\` | linux/amd64 | 28.6&nbsp;MiB | 28.6&nbsp;MiB | fetched, narrowed |
      | \`quay.io/a/b:2\`<br>as \`site.example/b:2\` | \`7fb0835016da\` | linux/amd64, arm64, arm/v7 +1 | 28.6&nbsp;MiB | 977&nbsp;KiB | partly cached |
      | \`ghcr.io/a/old:1\` | \`5ae248e6319b\` | linux/amd64 | 28.6&nbsp;MiB |  | cached, converted |
      | \`ghcr.io/a/chart:3\` | \`7e2cd8d51306\` | - | 900&nbsp;B | 28.6&nbsp;MiB | fetched |
      | **4 images, each blob once** |  |  | **85.8&nbsp;MiB** | **29.6&nbsp;MiB** |  |

      ### Notes

      - 1 image narrowed to the platforms taken, for readers that take no sparse index
      - 1 image converted, so the digest in the bundle is not the source's
      - images.txt:1: quay.io/a/b:2: skopeo met a cut blob; the built-in client completed it
      - no signature or other referrer was looked for or checked

      ### Warnings: 2

      | Where | Warning |
      | :-- | :-- |
      | \`images.txt:1\` | nginx has no tag, so latest is meant |
      |  | the store is nearly full |

      ### Not saved: 1 candidate, probably images

      | Where | Entry | Why |
      | :-- | :-- | :-- |
      | \`operator.yaml:120\` | \`openebs/linux-utils:3.4.0\` | the value of a variable named IMAGE |

      \`on-candidate: accept\` takes such entries.

      ### Rejected: 1 line of the lists, not understood

      | Where | Entry | Why |
      | :-- | :-- | :-- |
      | \`deploy.yaml:33\` | <code>{{ .Values.image }}</code> | a template, not a reference. Render the chart first. |

      Made by oci-save 0.1.0, skopeo 1.9.3 from \`images.txt\` at 2026-11-02T03:04:05Z.
      "
    `);
  });

  it('tells a failed run and a dry run in its first line', () => {
    expect(render(sampleReport({ outcome: 'failed' }))).toMatch(/^## 1 of 5 images could not be saved\n/);
    expect(render(sampleReport({ outcome: 'done', failed: [] }))).toMatch(/^## 4 images saved\n/);
    const dry = render(sampleReport({ outcome: 'done', failed: [], dryRun: true }));
    expect(dry).toMatch(/^## Dry run: 4 images resolved, nothing copied\n/);
    expect(dry).toContain('to fetch');
    expect(dry).not.toContain('Report:');
  });

  it('shows hostile words and does nothing else with them', () => {
    const evil = '| </td>`<script>`\n### x [a](https://b) ::set-output::';
    const { images } = sampleReport();
    const report = sampleReport({
      images: [
        sampleImage({ ref: evil, names: [evil, `${evil}2`], platforms: [evil], notes: [evil] }),
        ...images,
      ],
      failed: [
        { ref: evil, origins: [{ file: evil, line: 1 }], class: 'network', message: evil, hint: evil },
      ],
      warnings: [{ message: evil, origin: { file: evil, line: 2 } }],
      candidates: [{ text: evil, origin: { file: evil, line: 3 }, why: evil }],
      rejects: [{ text: evil, origin: { file: evil, line: 4 }, reason: evil, hint: evil }],
      bundle: { path: evil },
    });
    const summary = render(report);
    expect(summary).not.toMatch(/<script|<\/td|^::|\]\(|https:\/\//m);
    const headings = summary.split('\n').filter((line) => line.startsWith('#'));
    expect(headings).toHaveLength(7);
    const columns = (line: string): number => line.split('|').length;
    const tables = summary.split('\n\n').filter((block) => block.startsWith('|'));
    for (const block of tables) expect(new Set(block.split('\n').map(columns)).size).toBe(1);
  });

  it('stays below 1 MiB with a thousand images, all of them shown', () => {
    const images = Array.from({ length: 1000 }, (_, at) =>
      sampleImage({
        ref: `registry.example/some/team/with/a/long/path/service-${at}:2026.11.${at}`,
        names: [`mirror.example/service-${at}:1`],
        platforms: ['linux/amd64', 'linux/arm64'],
      }),
    );
    const summary = render(sampleReport({ images, failed: [] }));
    expect(Buffer.byteLength(summary)).toBeLessThan(MIB);
    expect(summary).toContain('service-999:');
    expect(summary).toContain('<summary><b>Images: 1000</b></summary>');
  });

  it('found K10: stays below 1 MiB with a thousand failures beside them, which are one row where they have one cause', () => {
    const ref = (at: number): string =>
      `registry.example/some/team/with/a/long/path/service-${at}:2026.11.${at}`;
    const failed = Array.from({ length: 1000 }, (_, at) => {
      const words = `${ref(at)}: registry.example answered 404 (MANIFEST_UNKNOWN: manifest unknown)`;
      const error = new OciSaveError({ code: 'not-found', message: words });
      return failureOf(error, ref(at), [{ file: 'images/of/the/site.txt', line: at + 1 }]);
    });
    const images = Array.from({ length: 1000 }, (_, at) => sampleImage({ ref: ref(at) }));
    const summary = render(sampleReport({ images, failed, outcome: 'failed' }));
    expect(Buffer.byteLength(summary)).toBeLessThan(MIB);
    expect(summary).toMatch(/^## 1000 of 2000 images could not be saved\n/);
    expect(summary.match(/\*\*not-found\*\*: registry\.example answered 404/g)).toHaveLength(1);
    expect(summary.includes(`| \`images/of/the/site.txt:1\`: \`${ref(0)}\`<br>`)).toBe(true);
    expect(summary.includes('<details><summary>and 990 more</summary>')).toBe(true);
    expect(summary.indexOf('### Failed')).toBeLessThan(summary.indexOf('Images: 1000'));
    // All of them are named in the report; the page names as many as it can hold.
    expect(summary.includes('more, all in `oci-bundle.report.json`</details>')).toBe(true);
  });

  it('found I: has a row for each of a few causes, and the images of each', () => {
    const failed = ['a:1', 'b:1', 'c:1', 'd:1'].map((name, at) => {
      const ref = `quay.io/acme/${name}`;
      const message = at < 3 ? `${ref}: quay.io answered 401` : 'it has no linux/arm64';
      return failureOf(new OciSaveError({ code: 'denied', message }), ref, [{ file: 'l.txt', line: at + 1 }]);
    });
    const summary = render(sampleReport({ failed, outcome: 'failed' }));
    expect(summary).toContain('### Failed: 4 images\n');
    const rows = summary.split('\n').filter((line) => line.includes('**denied**'));
    expect(rows).toHaveLength(2);
    expect(rows[0]).toMatch(
      /^\| `l\.txt:1`: `quay\.io\/acme\/a:1`<br>`l\.txt:2`: `quay\.io\/acme\/b:1`<br>`l\.txt:3`: `quay\.io\/acme\/c:1` \| \*\*denied\*\*: quay\.io answered 401<br>/,
    );
  });

  it('found I: begins with the result where nothing failed: archive, size, sha256, and two commands to load it', () => {
    const lines = render(sampleReport({ outcome: 'done', failed: [] })).split('\n');
    const [headline, , figures, , ...rest] = lines;
    expect([headline, figures]).toEqual([
      '## 4 images saved',
      '17 blobs, 85.8 MiB: 29.6 MiB fetched, 56.3 MiB already here. 13 s.',
    ]);
    expect(rest.slice(2, 5)).toEqual([
      '| Archive | `oci-bundle.tar` |',
      '| Size | 85.9 MiB |',
      `| sha256 | \`${digest('tar').slice('sha256:'.length)}\` |`,
    ]);
    const fence = rest.indexOf('```sh');
    expect(rest.slice(fence + 1, fence + 4)).toEqual([
      'podman load -i oci-bundle.tar',
      'ctr -n k8s.io images import --no-unpack oci-bundle.tar',
      '```',
    ]);
    expect(fence).toBeLessThan(rest.indexOf('### Images: 4'));
  });

  it('found I: of an archive in parts joins them first, and folds their table', () => {
    const parts = [1, 2].map((at) => ({ path: `/w/site/b.tar.00${at}`, size: 100, digest: digest(`${at}`) }));
    const archive = { path: '/w/site/b.tar', size: 200, digest: digest('tar'), parts };
    const summary = render(sampleReport({ outcome: 'done', failed: [], archive }));
    expect(summary).toContain('| Archive | `b.tar`, in 2 parts |');
    expect(summary).toContain('```sh\nsh b.join.sh\npodman load -i b.tar\n');
    expect(summary).toContain(`<summary>2 parts</summary>`);
    expect(summary).toContain(`| \`b.tar.002\` | 100 B | \`${digest('2').slice('sha256:'.length)}\` |`);
  });

  it('found I: names no importer where the archive has no view for it, and none without an archive', () => {
    const zot = render(sampleReport({ options: { layout: ['zot'] } }));
    expect(zot).toContain('mkdir -p oci-bundle && tar -xf oci-bundle.tar -C oci-bundle');
    expect(zot).not.toContain('podman load');
    const charts = sampleReport({ images: [sampleImage({ ref: 'ghcr.io/a/chart:3', platforms: [] })] });
    expect(render(charts)).not.toContain('podman load');
    expect(render(sampleReport({ archive: undefined }))).not.toContain('```');
  });

  it('found I: says unchanged where the bundle had everything', () => {
    const same = (parts: Partial<RunReport>): string =>
      render(
        sampleReport({
          outcome: 'done',
          failed: [],
          bundle: { path: '/w/site/oci-bundle', unchanged: true },
          archive: undefined,
          totals: { images: 4, blobs: 17, bytes: 900, fetchedBytes: 0, storedBytes: 900 },
          ...parts,
        }),
      );
    expect(same({})).toMatch(/^## Unchanged: 4 images, and none had to be fetched\n/);
    expect(same({})).toContain('| Bundle | `oci-bundle`, unchanged |');
    // A push that brought something new is a change.
    const pushed = samplePush({ outcome: 'done', failed: [] });
    expect(same({ push: [pushed] })).toMatch(/^## 4 images saved\n/);
    const idle = (kept: number): PushTargetReport => ({
      ...pushed,
      totals: { ...pushed.totals, pushed: 0, kept },
    });
    expect(same({ push: [idle(0)] })).toMatch(/^## Unchanged: 4 images/);
    // So is an archive, which was perhaps not there before; and what others keep is not what was asked for.
    expect(same({ push: [idle(1)] })).toMatch(/^## 4 images saved\n/);
    expect(same({ archive: sampleReport().archive })).toMatch(/^## 4 images saved\n/);
    const asset = { name: 'b.tar', size: 1, digest: digest('tar') };
    const release = (status: 'there' | 'kept', removed: string[] = [], published = false): string =>
      same({ release: { repository: 'a/b', tag: 'v1', published, assets: [{ ...asset, status }], removed } });
    expect(release('there')).toMatch(/^## Unchanged: 4 images/);
    expect(release('kept')).toMatch(/^## 4 images saved\n/);
    expect(release('there', ['old.tar.002'])).toMatch(/^## 4 images saved\n/);
    expect(release('there', [], true)).toMatch(/^## 4 images saved\n[^]*v1 of a\/b, published: 1 file/);
  });

  it('found I: of a run that failed before its push says that nothing was pushed', () => {
    const options = { output: 'x', push: ['registry.example:5000/mirror'], release: 'v1' };
    const { bundle: _, ...report } = sampleReport({ outcome: 'failed', options });
    expect(render(report)).toContain(
      'No bundle was written. Nothing was pushed to registry.example:5000/mirror. Nothing was released.\n',
    );
    expect(render({ ...report, push: [samplePush()] })).not.toContain('Nothing was pushed');
  });

  it('tells first why a result of whole images could not be made', () => {
    const error = {
      class: 'local',
      message: 'the <disk> is full',
      hint: 'Free space, or `cache-dir`.',
    } as const;
    const { bundle: _, ...report } = sampleReport({ outcome: 'failed', failed: [], error });
    expect(render(report)).toMatch(
      /^## Failed\n\n\*\*local\*\*: the &#60;disk&#62; is full<br>Hint: Free space, or `cache-dir`\.\n\nNo bundle was written\.\n\n17 blobs/,
    );
    expect(render({ ...report, bundle: { path: 'made' } })).not.toContain('No bundle');
    expect(render({ ...report, options: { output: 'none' } })).not.toContain('was written');
  });

  it('stays below 1 MiB whatever happens, and says what is not in it', () => {
    const words = '<'.repeat(1900);
    const many = <T>(make: (at: number) => T): T[] => Array.from({ length: 1500 }, (_, at) => make(at));
    const origin = { file: words, line: 1 };
    const summary = render(
      sampleReport({
        images: many((at) => sampleImage({ ref: `${at}${words}`, notes: [words] })),
        failed: many((at) => ({
          ...failureOf(new Error(words), `${at}${words}`, [origin, origin]),
          hint: words,
        })),
        warnings: many(() => ({ message: words, origin })),
        candidates: many(() => ({ text: words, origin, why: words })),
        rejects: many(() => ({ text: words, origin, reason: words })),
      }),
    );
    expect(Buffer.byteLength(summary)).toBeLessThan(MIB);
    expect(summary.match(/^and \d+ more, all in `oci-bundle\.report\.json`$/gm)).toHaveLength(4);
  });
});

describe('L5: images that rules leave out', () => {
  it('are counted for each rule among the notes, in the terminal, too; a rule that leaves out none is not there', () => {
    const report = sampleReport({
      leftOut: [
        { rule: 'quay.io/acme/*', count: 2 },
        { rule: 'docker.io/library/none:1', count: 0 },
        { rule: 'quay.io/x/y:*', place: 'mirror.yaml:7', count: 1 },
      ],
    });
    const expected = [
      '2 images left out by ignore: quay.io/acme/*',
      '1 image left out by mirror.yaml:7: quay.io/x/y:*',
    ];
    expect(noteLines(report).slice(0, 3)).toEqual([...expected, expect.stringContaining('narrowed')]);
    expect(render(report)).toContain('- 2 images left out by ignore: quay.io/acme/&#42;\n');
    expect(renderSummary(report, { color: false })).toContain(`  ${expected.join('\n  ')}\n`);
  });
});

describe('the summary of an error', () => {
  it('is one line a fault', () => {
    const error = new OciSaveError({
      code: 'usage',
      message: 'a is wrong\nb is wrong',
      hint: 'Mend `both`.',
    });
    expect(renderErrorSummary(error, asInput)).toBe(
      '## Nothing was saved\n\n- a is wrong\n- b is wrong\n\nHint: Mend `both`.\n',
    );
  });

  it('is a table of a list’s faults, below 1 MiB', () => {
    const details = Array.from({ length: 20_000 }, (_, at) => ({
      file: 'images.txt',
      line: at + 1,
      message: '<bad> '.repeat(40),
    }));
    const summary = renderErrorSummary(new OciSaveError({ code: 'list', message: 'many', details }), asInput);
    expect(summary).toContain('| `images.txt:1` | &#60;bad&#62; ');
    expect(summary).toMatch(/^and \d+ more$/m);
    expect(Buffer.byteLength(summary)).toBeLessThan(MIB);
  });

  it('tells of what is no error of ours, and of what is none at all', () => {
    expect(renderErrorSummary(new TypeError('x'), asInput)).toBe('## Failed\n\n- x\n');
    expect(renderErrorSummary(undefined, asInput)).toBe('## Failed\n\n- failed without a word\n');
  });
});
