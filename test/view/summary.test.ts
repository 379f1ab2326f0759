import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderSummary } from '../../src/view/index.ts';
import { failureOf, type RunReport } from '../../src/report/index.ts';
import { shellWord } from '../../src/text/plain-text.ts';
import { OciSaveError } from '../../src/errors.ts';
import { asInput } from '../../src/options/index.ts';
import { digest, sampleImage, sampleReport } from './sample-report.ts';

const short = (text: string): string => digest(text).slice(7, 19);

function linesOf(report: RunReport, width?: number): string[] {
  return renderSummary(report, { color: false, width }).split('\n');
}

describe('renderSummary', () => {
  it('tells a whole run in a log', () => {
    expect(linesOf(sampleReport())).toEqual([
      'Failed: 1 of 5 images',
      '  images.txt:4, more.txt:12: docker.io/library/nope:1',
      '    not-found: it is not in the registry: 404 manifest unknown',
      '    hint: Check the spelling and the tag.',
      '',
      'Images: 4',
      '  IMAGE                           DIGEST        PLATFORMS                        SIZE  STATUS',
      `  docker.io/library/nginx:latest  ${short('docker.io/library/nginx:latest')}  linux/amd64                  28.6 MiB  fetched, narrowed`,
      `  quay.io/a/b:2                   ${short('quay.io/a/b:2')}  linux/amd64,arm64,arm/v7 +1  28.6 MiB  partly cached`,
      '    => site.example/b:2',
      `  ghcr.io/a/old:1                 ${short('ghcr.io/a/old:1')}  linux/amd64                  28.6 MiB  cached, converted`,
      `  ghcr.io/a/chart:3               ${short('ghcr.io/a/chart:3')}  -                               900 B  fetched`,
      '  4 images, each blob once                                                   85.8 MiB',
      '',
      'Notes',
      '  1 image narrowed to the platforms taken, for readers that take no sparse index',
      "  1 image converted, so the digest in the bundle is not the source's",
      '  images.txt:1: quay.io/a/b:2: skopeo met a cut blob; the built-in client completed it',
      '  no signature or other referrer was looked for or checked',
      '',
      'Warnings: 2',
      '  images.txt:1  nginx has no tag, so latest is meant',
      '  -             the store is nearly full',
      '',
      'Not saved: 1 candidate, probably images (--on-candidate accept takes them)',
      '  operator.yaml:120  openebs/linux-utils:3.4.0  the value of a variable named IMAGE',
      '',
      'Rejected: 1 line of the lists, not understood',
      '  deploy.yaml:33  {{ .Values.image }}  a template, not a reference. Render the chart first.',
      '',
      'Total    4 images, 17 blobs, 85.8 MiB; fetched 29.6 MiB, already here 56.3 MiB',
      'Time     13 s',
      'Bundle   oci bundle',
      `Archive  oci-bundle.tar, 85.9 MiB, ${digest('tar')}`,
      `Lock     oci bundle/oci-save.lock.json, ${digest('lock')}`,
      'Next     podman load -i oci-bundle.tar',
      '         ctr -n k8s.io images import --no-unpack oci-bundle.tar',
      "         oci-save serve 'oci bundle'",
      '',
      'Done without 1 of 5 images; the causes are listed above.',
    ]);
  });

  it('puts a row on two lines where a terminal is too narrow, and cuts nothing', () => {
    const lines = linesOf(sampleReport(), 60);
    const at = lines.indexOf('Images: 4');
    expect(lines.slice(at, at + 6)).toEqual([
      'Images: 4',
      '  docker.io/library/nginx:latest',
      `    ${short('docker.io/library/nginx:latest')}  linux/amd64                  28.6 MiB  fetched, narrowed`,
      '  quay.io/a/b:2',
      `    ${short('quay.io/a/b:2')}  linux/amd64,arm64,arm/v7 +1  28.6 MiB  partly cached`,
      '    => site.example/b:2',
    ]);
    expect(lines).toContain('    not-found: it is not in the registry: 404 manifest');
    expect(lines).toContain('  operator.yaml:120  openebs/linux-utils:3.4.0');
    expect(lines).toContain('    the value of a variable named IMAGE');
  });

  it('is short when all went well', () => {
    const clean = sampleReport({
      outcome: 'done',
      options: { referrers: 'all' },
      images: [sampleImage({ ref: 'a.example/b:1' })],
      failed: [],
      warnings: [],
      candidates: [],
      rejects: [],
      lock: undefined,
      archive: undefined,
    });
    expect(linesOf(clean)).toEqual([
      'Images: 1',
      '  IMAGE                     DIGEST        PLATFORMS        SIZE  STATUS',
      `  a.example/b:1             ${short('a.example/b:1')}  linux/amd64  28.6 MiB  fetched`,
      '  4 images, each blob once                             85.8 MiB',
      '',
      'Notes',
      '  no referrer found; no signature was checked',
      '',
      'Total    4 images, 17 blobs, 85.8 MiB; fetched 29.6 MiB, already here 56.3 MiB',
      'Time     13 s',
      'Bundle   oci bundle',
      "Next     oci-save serve 'oci bundle'",
    ]);
  });

  it.each([
    [{ output: 'none' }, ''],
    [{ output: 'none', archive: 'tar' }, 'No archive was written. '],
    [{ output: 'x', archive: 'tar' }, 'No bundle was written. '],
  ])('says of %j only what was wanted and is not there', (options, words) => {
    const missing = { bundle: undefined, lock: undefined, archive: undefined };
    const lines = linesOf(sampleReport({ outcome: 'failed', options, ...missing }));
    expect(lines.at(-1)).toBe(
      `${words}What was fetched stays in the store; the next run continues from there.`,
    );
  });

  it('says at the very end that a run failed, and what is left of it', () => {
    const failed = sampleReport({
      outcome: 'failed',
      bundle: undefined,
      lock: undefined,
      archive: undefined,
    });
    expect(linesOf(failed).slice(-2)).toEqual([
      'Failed: 1 of 5 images; the causes are listed above.',
      'No bundle was written. What was fetched stays in the store; the next run continues from there.',
    ]);
    expect(linesOf(failed).join('\n')).not.toContain('oci-save serve');
  });

  it('does not claim that a dry run fetched anything', () => {
    const text = linesOf(sampleReport({ outcome: 'done', dryRun: true, failed: [] })).join('\n');
    expect(text).toContain('to fetch, narrowed');
    expect(text).toContain('85.8 MiB; to fetch 29.6 MiB');
    expect(text.endsWith('Dry run: nothing was saved.')).toBe(true);
    expect(text).not.toContain('fetched');
  });

  it('stays readable with a thousand images', () => {
    const images = Array.from({ length: 1000 }, (_, index) => sampleImage({ ref: `a.example/b:${index}` }));
    const warnings = images.map(({ ref }) => ({ message: `${ref} is old` }));
    const lines = linesOf(sampleReport({ images, warnings }));
    expect(lines.length).toBeLessThan(300);
    expect(lines).toContain('  and 800 more, all in report.json');
    expect(lines).toContain('  and 950 more, all in report.json');
  });

  it('found K10: is a page, too, where three hundred images fail for one cause', () => {
    const failed = Array.from({ length: 300 }, (_, at) => {
      const ref = `quay.io/acme/b:${at}`;
      const message = `${ref}: quay.io answered 401`;
      return failureOf(new OciSaveError({ code: 'denied', message }), ref, [
        { file: 'images.txt', line: at + 1 },
      ]);
    });
    const lines = linesOf(sampleReport({ failed, outcome: 'failed' }));
    const end = lines.indexOf('');
    expect(lines.slice(0, 2)).toEqual(['Failed: 300 of 304 images', '  images.txt:1: quay.io/acme/b:0']);
    expect(lines.slice(20, end)).toEqual([
      '  images.txt:20: quay.io/acme/b:19',
      '  and 280 more, all in report.json',
      '    denied: quay.io answered 401',
      expect.stringMatching(/^ {4}hint: Log in/),
    ]);
  });

  it('found K10: stays so with three hundred causes of their own', () => {
    const failed = Array.from({ length: 300 }, (_, at) =>
      failureOf(new Error(`fault number ${at}`), `quay.io/acme/b:${at}`, []),
    );
    const lines = linesOf(sampleReport({ failed, outcome: 'failed' }));
    expect(lines.filter((line) => line.includes('fault number'))).toHaveLength(200);
    expect(lines).toContain('  and 100 more, all in report.json');
  });

  it('found I: shows an image that is pinned as name:tag, with its digest in the digest’s column', () => {
    const pin = `quay.io/a/b:1@${digest('quay.io/a/b:1')}`;
    const bare = `quay.io/a/c@${digest('c')}`;
    const text = linesOf(
      sampleReport({
        images: [sampleImage({ ref: pin, digest: digest('quay.io/a/b:1') }), sampleImage({ ref: bare })],
        failed: [{ ref: pin, origins: [], class: 'network', message: `${pin}: cut`, hint: 'Again.' }],
      }),
    );
    expect(text).toContain('  quay.io/a/b:1');
    expect(text).toContain('    network: cut');
    const cells = text.map((line) => line.trim().split(/ {2,}/).slice(0, 2));
    expect(cells).toContainEqual(['quay.io/a/b:1', short('quay.io/a/b:1')]);
    expect(cells).toContainEqual([`quay.io/a/c@sha256:${short('c')}`, short(bare)]);
  });

  it('found I: names only commands that work: none of ours in a workflow, and no registry without a view for it', () => {
    const next = (parts: Partial<RunReport>, spelling?: typeof asInput): string[] => {
      const lines = renderSummary(sampleReport(parts), { color: false, spelling }).split('\n');
      const at = lines.findIndex((line) => /^(?:Next|At the site)/.test(line));
      return at < 0
        ? []
        : lines.slice(at, lines.indexOf('', at)).map((line) => line.replace(/^(?:Next)? +/, ''));
    };
    const [load, ctr] = [
      'podman load -i oci-bundle.tar',
      'ctr -n k8s.io images import --no-unpack oci-bundle.tar',
    ];
    expect(next({})).toEqual([load, ctr, "oci-save serve 'oci bundle'"]);
    expect(next({}, asInput)).toEqual(['At the site, in the folder with the archive:', load, ctr]);
    expect(next({ options: { layout: ['oci'] } })).toEqual([load, ctr]);
    expect(next({ archive: undefined, options: { layout: ['oci'] } })).toEqual([]);
    expect(next({ bundle: undefined, archive: undefined })).toEqual([]);
  });

  it.each([
    ['/w/it is here/b.tar', "'/w/it is here/b.tar'", 'b.tar'],
    ["/w/a'b/-c.tar", "'/w/a'\\''b/-c.tar'", './-c.tar'],
  ])('found I: shows commands that work as pasted: of %s', (file, here, site) => {
    const archive = { path: file, size: 1, digest: digest('tar') };
    const text = (parts: Partial<RunReport>, spelling?: typeof asInput): string[] =>
      renderSummary(sampleReport({ archive, ...parts }), { color: false, spelling }).split('\n');
    expect(text({})).toContain(`Next     podman load -i ${here}`);
    expect(text({})).toContain(`         ctr -n k8s.io images import --no-unpack ${here}`);
    expect(text({}, asInput)).toContain(`  podman load -i ${site}`);
    const parts = { archive: { ...archive, parts: [{ ...archive, path: `${file}.001` }] } };
    expect(text(parts)).toContain(`Next     sh ${here.replace('.tar', '.join.sh')}`);
    const charts = { images: [sampleImage({ ref: 'ghcr.io/a/chart:3', platforms: [] })] };
    const folder = here.replace('.tar', '');
    expect(text(charts)).toContain(`Next     mkdir -p ${folder} && tar -xf ${here} -C ${folder}`);
  });

  it('found I: shows no command where the name of its file cannot be shown', () => {
    const archive = { path: '/w/a  b\u202E.tar', size: 1, digest: digest('tar') };
    const bundle = { path: '/w/a\tb' };
    const text = renderSummary(sampleReport({ archive, bundle }), { color: false });
    expect(text).not.toMatch(/^Next|podman load|oci-save serve/m);
  });

  it('found I: says what many images lack in one line, and of each in its row', () => {
    const images = Array.from({ length: 30 }, (_, at) =>
      sampleImage({
        ref: `quay.io/a/b:${at}`,
        origins: [{ file: 'l.txt', line: at + 1 }],
        missingPlatforms: ['linux/s390x'],
      }),
    );
    const text = renderSummary(sampleReport({ images }), { color: false });
    expect(text).toContain(
      '  l.txt:1: quay.io/a/b:0, l.txt:2: quay.io/a/b:1, l.txt:3: quay.io/a/b:2 and 27 more: it has no linux/s390x; it is saved for linux/amd64\n',
    );
    expect(text.match(/fetched, no linux\/s390x$/gm)).toHaveLength(30);
  });

  it('found I: says of many entries alike once what it is', () => {
    const warned = (at: number, message: string): RunReport['warnings'][number] => ({
      text: `app${at}`,
      message,
      origin: { file: 'l.txt', line: at },
    });
    const warnings = [
      ...Array.from({ length: 30 }, (_, at) => warned(at + 1, 'it names no tag: latest is used')),
      warned(40, 'it is old'),
      { message: 'the store is nearly full' },
    ];
    const lines = renderSummary(sampleReport({ warnings }), { color: false }).split('\n');
    const at = lines.indexOf('Warnings: 32');
    expect(lines.slice(at + 1, lines.indexOf('', at))).toEqual([
      ...Array.from({ length: 20 }, (_, nth) => `  l.txt:${nth + 1}: app${nth + 1}`),
      '  and 10 more, all in report.json',
      '    it names no tag: latest is used',
      '  l.txt:40: app40: it is old',
      '  -  the store is nearly full',
    ]);
  });

  it('found I: says of a run that failed before its push that nothing was pushed, and of a dry run nothing so', () => {
    const options = { output: 'none', push: ['one.example', 'two.example/x'] };
    const parts = {
      outcome: 'failed',
      options,
      bundle: undefined,
      lock: undefined,
      archive: undefined,
    } as const;
    const last = (more: Partial<RunReport>): string | undefined =>
      linesOf(sampleReport({ ...parts, ...more })).at(-1);
    expect(last({})).toBe(
      'Nothing was pushed to one.example, two.example/x. What was fetched stays in the store; the next run continues from there.',
    );
    expect(last({ images: [] })).toBe('Nothing was pushed to one.example, two.example/x.');
    expect(last({ dryRun: true })).toBe('A dry run: nothing was fetched.');
  });

  it('found I: says of a bundle that had everything that it is unchanged', () => {
    expect(linesOf(sampleReport({ bundle: { path: 'b', unchanged: true } }))).toContain(
      'Bundle   b, unchanged',
    );
  });

  it('found I: counts the parts of the total so that they add up to it', () => {
    const images = [
      sampleImage({ ref: 'a.example/b:1' }),
      sampleImage({ ref: 'a.example/c:1', status: 'unchanged' }),
    ];
    const totals = {
      images: 2,
      blobs: 9,
      bytes: 4000 * 1024,
      fetchedBytes: 1000 * 1024,
      storedBytes: 500 * 1024,
    };
    expect(linesOf(sampleReport({ images, totals })).find((line) => line.startsWith('Total'))).toBe(
      'Total    2 images, 9 blobs, 3.9 MiB; fetched 1000 KiB, already here 500 KiB, not needed 2.4 MiB',
    );
  });

  it('carries no command and no control character from names and messages', () => {
    const odd = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.constantFrom('::error::x', 'a\n::add-mask::x', '\u001b[2J', '##[error]x'),
    );
    fc.assert(
      fc.property(
        odd,
        odd,
        fc.option(fc.integer({ min: 20, max: 150 }), { nil: undefined }),
        (a, b, width) => {
          const origin = { file: a, line: 1 };
          const report = sampleReport({
            images: [sampleImage({ ref: a, names: [b], platforms: [b, a], notes: [b] })],
            failed: [{ ref: a, origins: [origin], class: 'network', message: b, hint: a }],
            warnings: [{ message: b, origin }],
            candidates: [{ text: a, origin, why: b }],
            rejects: [{ text: a, origin, reason: b, hint: a }],
            bundle: { path: a },
          });
          for (const line of linesOf(report, width)) {
            expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
            expect(line).not.toMatch(/^\s*::(error|add-mask)|##\[/);
          }
        },
      ),
    );
  });

  it('colours without moving anything', () => {
    const coloured = renderSummary(sampleReport(), { color: true, width: 100 });
    expect(coloured).toContain('\u001b[31m');
    expect(coloured.replaceAll(/\u001b\[\d+m/g, '')).toBe(linesOf(sampleReport(), 100).join('\n'));
  });
});

describe('shellWord', () => {
  it.each([
    ['oci-bundle', 'oci-bundle'],
    ['oci bundle', "'oci bundle'"],
    ["it's", String.raw`'it'\''s'`],
    ['$(reboot)', "'$(reboot)'"],
    ['-rf', "'-rf'"],
    ['', "''"],
  ])('%s is %s', (text, word) => {
    expect(shellWord(text)).toBe(word);
  });
});
