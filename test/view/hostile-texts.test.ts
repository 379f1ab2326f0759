import { describe, expect, it } from 'vitest';
import {
  errorWords,
  failureAnnotations,
  verdictOf,
  warningAnnotations,
} from '../../src/action/annotations.ts';
import { asInput } from '../../src/options/index.ts';
import {
  renderError,
  renderErrorSummary,
  renderJobSummary,
  renderPushSummary,
  renderRelease,
  renderSummary,
} from '../../src/view/index.ts';
import { renderTable } from '../../src/cli/list/render.ts';
import { OciSaveError } from '../../src/errors.ts';
import { formatRunReport, type RunReport } from '../../src/report/index.ts';
import { printableJson } from '../../src/text/plain-text.ts';
import { digest, samplePush, sampleReport } from './sample-report.ts';

/** An escape of a terminal, both ends of a line, a one-character escape, turned text, an end of a table's cell, markup. */
const HOSTILE =
  '\u001b[2J\u001b]0;x\u0007\r\n| **b** |\n::error::y\n\u009b2J\u202Ez\u2028<img src=x>`[a](http://b)';

/** Words of ours: a stranger cannot write them. */
const OURS = new Set([
  'class',
  'status',
  'copier',
  'outcome',
  'digest',
  'root',
  'there',
  'lock',
  'version',
  'startedAt',
  'finishedAt',
]);

/** The value with something hostile behind every text that may be a stranger's. */
function spoilt<T>(value: T): T;
function spoilt(value: unknown): unknown {
  if (typeof value === 'string') return `${value}${HOSTILE}`;
  if (Array.isArray(value)) return value.map((one: unknown) => spoilt(one));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      OURS.has(key) && typeof inner === 'string' ? inner : spoilt(inner),
    ]),
  );
}

const release: NonNullable<RunReport['release']> = {
  repository: 'acme/site',
  tag: 'v1',
  url: 'https://github.example/acme/site/releases/v1',
  assets: [{ name: 'a.tar', size: 1, digest: digest('a'), status: 'sent' }],
  removed: ['old.tar'],
  failure: { class: 'denied', message: 'the service answered 403', hint: 'Look at the token.' },
};
const report = spoilt(sampleReport({ push: [samplePush()], release, outcome: 'failed' }));
const published = spoilt(
  sampleReport({ failed: [], release: { ...release, failure: undefined }, outcome: 'done' }),
);
const view = { color: false, width: 80 };
const unwrapped = { color: false };
const error = new OciSaveError({
  code: 'denied',
  message: spoilt('an image'),
  hint: spoilt('a hint'),
  cause: new Error(spoilt('a cause')),
  details: [{ message: spoilt('a fault'), file: spoilt('a file'), line: 1 }, { message: spoilt('another') }],
});
const push = {
  version: 1 as const,
  tool: { name: 'oci-save', version: '1' },
  bundle: 'b',
  outcome: 'failed' as const,
  targets: report.push ?? [],
};

/** What a terminal acts upon, or what turns or hides text; line ends are ours where a text has several. */
const UNPRINTABLE = /[^\n\P{C}]|[\u2028\u2029]/u;

describe('found B7: no text of a stranger moves a terminal or ends a line', () => {
  it.each<[string, string]>([
    ['the summary', renderSummary(report, unwrapped)],
    ['the summary on a narrow terminal', renderSummary(report, view)],
    ['the summary of a release', renderSummary(published, unwrapped)],
    ['the summary of a push', renderPushSummary(push, unwrapped)],
    ['a release', renderRelease(spoilt(release), unwrapped)],
    ['an error', renderError(error, { color: false, verbose: true })],
    ['the report as JSON', formatRunReport(report)],
    ['an error as JSON', printableJson({ message: error.message }, 0)],
    [
      'a list',
      renderTable(
        {
          images: [
            {
              ref: spoilt('x'),
              names: [spoilt('y')],
              digest: undefined,
              platforms: [spoilt('z')],
              origins: [spoilt('f:1')],
              options: [],
              entry: '',
            },
          ],
          candidates: [{ text: spoilt('c'), origin: { file: spoilt('g'), line: 1 }, why: spoilt('w') }],
          rejects: [{ text: spoilt('r'), origin: { file: spoilt('h'), line: 1 }, reason: spoilt('n') }],
          problems: [{ file: spoilt('p'), reason: spoilt('q') }],
        },
        undefined,
      ),
    ],
    [
      'the job summary',
      renderJobSummary(report, { reportFile: spoilt('/w/r.json'), folder: '/w', spelling: asInput }),
    ],
    [
      'the job summary of a release',
      renderJobSummary(published, { reportFile: '/w/r.json', folder: '/w', spelling: asInput }),
    ],
    ['the job summary of an error', renderErrorSummary(error, asInput)],
  ])('in %s', (_, text) => {
    expect(text).not.toMatch(UNPRINTABLE);
    expect(text).not.toMatch(/^\s*::error/m);
  });

  it('in an annotation', () => {
    const annotations = [
      ...failureAnnotations(report, () => undefined),
      ...warningAnnotations(
        report,
        [
          { message: spoilt('happened') },
          { message: spoilt('late'), image: spoilt('a/b:1'), origins: [{ file: spoilt('l'), line: 1 }] },
        ],
        () => undefined,
      ),
      { message: verdictOf(report) },
      { message: verdictOf({ ...report, failed: [] }) },
      { message: verdictOf({ ...report, failed: [], push: [] }) },
      { message: errorWords(error) },
    ];
    for (const { message } of annotations) expect(message).not.toMatch(UNPRINTABLE);
  });

  it('as markup of a page on GitHub', () => {
    for (const text of [
      renderJobSummary(report, { reportFile: '/w/r.json', folder: '/w', spelling: asInput }),
      renderErrorSummary(error, asInput),
    ]) {
      expect(text).not.toContain('<img');
      expect(text).not.toContain('](http://b)');
      expect(text).not.toContain('**b**');
    }
  });

  it('and JSON of it is the same value', () => {
    expect(JSON.parse(formatRunReport(report))).toEqual(JSON.parse(JSON.stringify(report)));
  });
});
