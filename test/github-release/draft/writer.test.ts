import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Digest, digestOf } from '../../../src/oci/digest.ts';
import { draftNotes, isOurs, noteIn, publishedNotes } from '../../../src/github-release/draft/notes.ts';
import { isOtherJob, jobOf, type Writer, writerOf } from '../../../src/github-release/draft/writer.ts';

const list = (name: string): Digest => digestOf(new TextEncoder().encode(name));
const writer: Writer = { archive: 'site', run: '1', attempt: 1, job: 'bundle', list: list('a') };

const writers = fc.record<Writer>({
  archive: fc.constantFrom('site', 'other'),
  run: fc.constantFrom('1', '2'),
  attempt: fc.integer({ min: 1, max: 3 }),
  job: fc.string({ maxLength: 20 }),
  list: fc.constantFrom(list('a'), list('b')),
});

describe('found K1: isOtherJob', () => {
  it.each<[string, Partial<Writer>, boolean]>([
    ['of another list in the same run', { list: list('b') }, true],
    ['of another list in a later attempt', { list: list('b'), attempt: 2 }, true],
    ['of the same list in a later attempt', { attempt: 2 }, false],
    ['of the same list in another job', { job: 'other' }, false],
    ['of another list in another run', { list: list('b'), run: '2' }, false],
    ['under another archive name', { list: list('b'), archive: 'other' }, false],
  ])('%s', (_, change, isOther) => {
    expect(isOtherJob(writer, { ...writer, ...change })).toBe(isOther);
  });

  it('is true for both of two writers or for neither, whatever attempt and job', () => {
    fc.assert(
      fc.property(writers, writers, (a, b) => {
        expect(isOtherJob(a, b)).toBe(isOtherJob(b, a));
        expect(isOtherJob(a, { ...a, attempt: b.attempt, job: b.job })).toBe(false);
      }),
    );
  });
});

describe('jobOf', () => {
  const env = { GITHUB_RUN_ID: '4711', GITHUB_RUN_ATTEMPT: '2', GITHUB_JOB: 'bundle' };
  it('reads the workflow’s default variables, and is undefined outside of a workflow', () => {
    expect(jobOf(env)).toEqual({ run: '4711', attempt: 2, job: 'bundle' });
    for (const run of ['', 'x', '1 2', '9'.repeat(30)])
      expect(writerOf({ ...env, GITHUB_RUN_ID: run }, { base: 'site', suffix: 'tar' }, writer.list)).toBe(
        undefined,
      );
  });

  it('bounds its texts, whatever the variables hold', () => {
    const job = jobOf({ ...env, GITHUB_RUN_ATTEMPT: '-1', GITHUB_JOB: 'x'.repeat(5000) });
    expect(job).toEqual({ run: '4711', attempt: 1, job: 'x'.repeat(200) });
  });
});

describe('found E1: the note in a draft of ours', () => {
  it('is read as it was written, between whatever a person wrote, and is removed without a trace', () => {
    const text = fc.string({ maxLength: 40 });
    const notes = fc.record({ tag: fc.string(), writer: fc.option(writers, { nil: undefined }) });
    fc.assert(
      fc.property(text, notes, text, (before, note, after) => {
        const body = `${before}\n${draftNotes(note)}${after}`;
        expect(isOurs(body)).toBe(true);
        expect(noteIn(body)).toEqual(JSON.parse(JSON.stringify(note)));
        expect(publishedNotes(body)).not.toMatch(/<!--.*oci-save/);
      }),
    );
  });

  it.each(['{', '{"tag":7}', '{"tag":"v1","writer":{"run":1}}', '{}'])(
    'that somebody damaged is a note of ours still, and tells nothing: %s',
    (data) => {
      const body = `<!-- oci-save: published when whole ${data.endsWith('}') ? data : `${data}}`} -->`;
      expect([isOurs(body), noteIn(body), publishedNotes(body)]).toEqual([true, undefined, '']);
    },
  );
});
