import { describe, expect, it } from 'vitest';
import {
  detailAnnotations,
  errorWords,
  failureAnnotations,
  happenedAnnotations,
  verdictOf,
  warningAnnotations,
} from '../../src/action/annotations.ts';
import { fileInWorkspace } from '../../src/action/places.ts';
import { OciSaveError } from '../../src/errors.ts';
import { failureOf } from '../../src/report/index.ts';
import { sampleImage, samplePush, sampleReport } from '../view/sample-report.ts';

const here = (file: string): string | undefined => (file.startsWith('/') ? undefined : `lists/${file}`);

const failures = (
  count: number,
  words: (at: number) => string = () => 'no',
): ReturnType<typeof failureOf>[] =>
  Array.from({ length: count }, (_, at) =>
    failureOf(new OciSaveError({ code: 'denied', message: words(at) }), `quay.io/a/b:${at}`, [
      { file: 'a.txt', line: at + 1 },
    ]),
  );

describe('errors', () => {
  it('stand beside the first line that names the image, with cause and hint', () => {
    expect(failureAnnotations(sampleReport(), here)).toEqual([
      {
        title: 'Image not saved (not-found)',
        message:
          'images.txt:4, more.txt:12: docker.io/library/nope:1: it is not in the registry: 404 manifest unknown\nHint: Check the spelling and the tag.',
        file: 'lists/images.txt',
        line: 4,
      },
    ]);
  });

  it('name the image where the cause does not', () => {
    expect(failureAnnotations(sampleReport({ failed: failures(1) }), here)[0]?.message).toMatch(
      /^a\.txt:1: quay\.io\/a\/b:0: no\nHint: /,
    );
  });

  it.each([
    [9, 9, /quay\.io\/a\/b:8/],
    [10, 9, /^and 2 more causes: the log has them$/],
    [500, 9, /^and 492 more causes/],
  ])('of %i causes are %i, so that the verdict is among the ten that GitHub shows', (failed, count, last) => {
    const apart = failures(failed, (at) => `no, ${at}`);
    const annotations = failureAnnotations(sampleReport({ failed: apart }), here);
    expect(annotations).toHaveLength(count);
    expect(annotations.at(-1)?.message).toMatch(last);
  });

  it('found I: of three hundred images with one cause are one, which names twenty of the others', () => {
    const annotations = failureAnnotations(sampleReport({ failed: failures(300) }), here);
    expect(annotations).toHaveLength(1);
    const [annotation] = annotations;
    expect(annotation).toMatchObject({
      title: '300 images not saved (denied)',
      file: 'lists/a.txt',
      line: 1,
    });
    const lines = annotation?.message.split('\n') ?? [];
    expect(lines.slice(0, 3)).toEqual([
      'a.txt:1: quay.io/a/b:0: no',
      'The same for 299 images:',
      'a.txt:2: quay.io/a/b:1',
    ]);
    expect(lines.slice(-3, -1)).toEqual(['a.txt:21: quay.io/a/b:20', 'and 279 more']);
  });

  it('found I: of a push are folded alike', () => {
    const push = [samplePush({ failed: failures(3) })];
    const annotations = failureAnnotations(sampleReport({ failed: [], push }), here);
    expect(annotations.map(({ title }) => title)).toEqual(['3 images not pushed (denied)']);
    expect(annotations[0]?.message).toContain('a.txt:3: quay.io/a/b:2');
  });

  it('have no file where the list is not in the workspace, but name it', () => {
    const details = [{ file: '/etc/images.txt', line: 3, message: 'bad' }, { message: 'worse' }];
    expect(detailAnnotations(details, here)).toEqual([
      { message: '/etc/images.txt:3: bad', file: undefined, line: undefined },
      { message: 'worse', file: undefined, line: undefined },
    ]);
  });

  it('are one printable line a fault, whatever a list holds', () => {
    const [annotation] = detailAnnotations(
      [{ file: 'a\u001B[2J\n::x::', message: '::error::\u202Ex' }],
      here,
    );
    expect(annotation?.message).toBe('a; : :x::: : :error::\\u{202e}x');
  });
});

describe('warnings', () => {
  it('are images left out, then the lists’, then what happened on the way', () => {
    const messages = warningAnnotations(sampleReport(), [{ message: 'a blob was damaged' }], here).map(
      ({ message }) => message,
    );
    expect(messages).toEqual([
      expect.stringContaining('docker.io/library/nope:1: it is not in the registry'),
      'images.txt:1: nginx has no tag, so latest is meant',
      'the store is nearly full',
      "operator.yaml:120: 'openebs/linux-utils:3.4.0' is probably an image and was not saved: `on-candidate: accept` takes such entries",
      "deploy.yaml:33: '{{ .Values.image }}' was not understood",
      'a blob was damaged',
    ]);
  });

  it('are not the images of a run that failed: those are errors', () => {
    const [first] = warningAnnotations(sampleReport({ outcome: 'failed' }), [], here);
    expect(first?.message).toContain('latest is meant');
  });

  it('found I: of one cause are one, beside the first line, whoever tells them', () => {
    const images = Array.from({ length: 30 }, (_, at) =>
      sampleImage({
        ref: `quay.io/a/b:${at}`,
        origins: [{ file: 'a.txt', line: at + 1 }],
        missingPlatforms: ['linux/s390x'],
      }),
    );
    const warnings = images.map(({ ref: text, origins: [origin] }) => ({
      text,
      message: 'it is old',
      origin,
    }));
    const happened = images.flatMap(({ ref: image, origins }) => [
      { image, origins, message: 'it has no linux/s390x; it is saved for linux/amd64' },
      { image, origins, message: `${image}: attempt ${origins[0]?.line} of 5` },
    ]);
    const report = sampleReport({ images, warnings, failed: [], candidates: [], rejects: [] });
    const annotations = warningAnnotations(report, happened.toReversed(), here);
    expect(annotations.map(({ file, line }) => [file, line])).toEqual(
      annotations.map(() => ['lists/a.txt', 1]),
    );
    expect(annotations.map(({ message }) => message.split('\n').slice(0, 3))).toEqual(
      ['it has no linux/s390x; it is saved for linux/amd64', 'it is old', 'attempt … of 5'].map((words) => [
        `a.txt:1: quay.io/a/b:0: ${words}`,
        'The same for 29 images:',
        'a.txt:2: quay.io/a/b:1',
      ]),
    );
  });

  it('are at most ten', () => {
    const many = happenedAnnotations(
      Array.from({ length: 30 }, (_, at) => ({ message: `warning ${at}` })),
      here,
    );
    expect(many).toHaveLength(10);
    expect(many.at(-1)?.message).toBe('and 21 more warnings: the log has them');
  });
});

describe('the last words', () => {
  it('count', () => {
    expect(verdictOf(sampleReport())).toBe('1 of 5 images could not be saved');
    expect(verdictOf(sampleReport({ dryRun: true }))).toBe('1 of 5 images could not be resolved');
  });

  it('of an error are what, why and what to do; of a fault of ours that it is one', () => {
    const cause = new Error('EACCES');
    const error = new OciSaveError({ code: 'machine', message: 'no store', hint: 'Take another.', cause });
    expect(errorWords(error)).toBe('no store\nCause: EACCES\nHint: Take another.');
    expect(errorWords(new TypeError('x is undefined'))).toBe(
      'x is undefined\nHint: This is a fault in oci-save. Report it with what the log says.',
    );
  });
});

describe('the file of an annotation', () => {
  it.each([
    ['images.txt', '/w/site', 'images.txt'],
    ['../site/lists/a.txt', '/w/site', 'lists/a.txt'],
    ['/w/site/a.txt', '/elsewhere', 'a.txt'],
    ['a.txt', '/w/site/sub', 'sub/a.txt'],
    ['../a.txt', '/w/site', undefined],
    ['/etc/a.txt', '/w/site', undefined],
    ['/w/site', '/w/site', undefined],
  ])('%s in %s is %s', (file, cwd, expected) => {
    expect(fileInWorkspace(file, '/w/site', cwd)).toBe(expected);
  });
});
