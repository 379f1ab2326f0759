import { describe, expect, it } from 'vitest';
import { type Failure, placedWords, groupFailures } from '../../src/report/index.ts';

const pin = `@sha256:${'ab'.repeat(32)}`;
const failure = (ref: string, message: string, parts: Partial<Failure> = {}): Failure => ({
  ref,
  origins: [],
  class: 'not-found',
  message,
  hint: 'Check it.',
  ...parts,
});
const refsOf = (failures: readonly Failure[]): string[][] =>
  groupFailures(failures).map(({ places }) => places.map(({ ref }) => ref));

const A = 'quay.io/acme/app:1';
const B = 'quay.io/acme/db:2.5';

describe('found I: failures of one cause', () => {
  it.each([
    ['the name before the words', (ref: string) => `${ref}: quay.io answered 404`],
    ['the name at the start', (ref: string) => `${ref} is not there`],
    ['the name inside', (ref: string) => `whether ${ref} is there is not known`],
    [
      'the repository in the words of the registry',
      (ref: string) => `denied: repository:${pathOf(ref)}:pull`,
    ],
    ['the address of the manifest', (ref: string) => `GET /v2/${pathOf(ref)}/manifests/${tagOf(ref)}: 404`],
    [
      'a digest of each',
      (ref: string) => `config sha256:${ref === A ? 'a'.repeat(12) : 'b'.repeat(12)} is missing`,
    ],
    [
      'an amount of each',
      (ref: string) => `the transfer ended after ${ref.length} of ${ref.length * 3} bytes`,
    ],
    [
      'the tag in the words of the registry',
      (ref: string) => `quay.io answered 404 (MANIFEST_UNKNOWN: manifest unknown: ${tagOf(ref)})`,
    ],
    ['a number in our own words that is the tag of one', () => 'skopeo failed (exit 1): x'],
    ['a time of each', (ref: string) => `no byte for ${ref.length} s`],
  ])('are one, with %s', (_, words) => {
    expect(refsOf([failure(A, words(A)), failure(B, words(B))])).toEqual([[A, B]]);
  });

  it.each([
    ['another class', failure(B, 'x', { class: 'denied' })],
    ['another host in the words', failure(B, 'ghcr.io answered 404')],
    ['its tag outside the words of the registry', failure(B, 'quay.io answered 2.5')],
    ['another status', failure(B, 'quay.io answered 403')],
    ['another hint', failure(B, 'quay.io answered 404', { hint: 'Log in.' })],
  ])('are apart from one with %s', (_, other) => {
    expect(refsOf([failure(A, 'quay.io answered 404'), other])).toEqual([[A], [B]]);
  });

  it('say once what is the same, and leave out what each has for itself', () => {
    const [group] = groupFailures([
      failure(A, `${A}: blob sha256:${'a'.repeat(12)} ended after 5 of 90 bytes`, {
        hint: `Write '${A} => name:tag'.`,
      }),
      failure(B, `${B}: blob sha256:${'b'.repeat(12)} ended after 7 of 80 bytes`, {
        hint: `Write '${B} => name:tag'.`,
      }),
    ]);
    expect(group?.message).toBe('blob sha256:… ended after … of … bytes');
    expect(group?.hint).toBe("Write '… => name:tag'.");
  });

  it.each([
    [`quay.io/acme/app${pin}: skopeo failed (exit 1): EOF`, 'skopeo failed (exit 1): EOF'],
    [`quay.io/acme/app, blob sha256:12: quay.io answered 500`, 'blob sha256:12: quay.io answered 500'],
    [`${A}, from quay.io: a web page was served`, 'from quay.io: a web page was served'],
    // The names of others stay.
    ['quay.io/acme/app-two, blob sha256:12: gone', 'quay.io/acme/app-two, blob sha256:12: gone'],
    ['quay.io/acme/app:1.2: gone', 'quay.io/acme/app:1.2: gone'],
    ['quay.io/acme/app', 'quay.io/acme/app'],
  ])('of a single image name it once: %s', (message, words) => {
    expect(groupFailures([failure(A, message)])[0]?.message).toBe(words);
    expect(placedWords({ origins: [{ file: 'l.txt', line: 2 }], ref: A }, message)).toBe(
      `l.txt:2: ${A}: ${words}`,
    );
  });

  it('of a single image keeps every word but its name', () => {
    const message = `${A}: blob sha256:${'a'.repeat(12)} of acme/app ended after 5 of 90 bytes`;
    const [group] = groupFailures([failure(A, message)]);
    expect(group?.message).toBe(message.slice(A.length + 2));
  });

  it('are in the order of the first of each, and of a pinned image show name and tag', () => {
    const failures = [
      failure(`${A}${pin}`, `${A}${pin}: 404`),
      failure(B, 'cut'),
      failure(`quay.io/acme/x${pin}`, `quay.io/acme/x${pin}: 404`),
    ];
    expect(refsOf(failures)).toEqual([[A, 'quay.io/acme/x@sha256:abababababab'], [B]]);
  });

  it('begin with the line of the list and the image, each once, however a registry was asked for it', () => {
    const place = { ref: `${A}${pin}`, origins: [{ file: 'l.txt', line: 2 }] };
    for (const subject of [`${A}${pin}`, A, `quay.io/acme/app@${pin.slice(1, 20)}`])
      expect(placedWords(place, `${subject}: quay.io answered 404`)).toBe(
        `l.txt:2: ${A}: quay.io answered 404`,
      );
    expect(placedWords(place, 'it has no linux/arm64')).toBe(`l.txt:2: ${A}: it has no linux/arm64`);
  });

  it('of a name that may be any word keep their words', () => {
    const [group] = groupFailures([failure('a', 'once in a while'), failure('b', 'once in a while')]);
    expect([group?.message, group?.places.length]).toEqual(['once in a while', 2]);
  });
});

function pathOf(ref: string): string {
  return ref.slice(ref.indexOf('/') + 1, ref.lastIndexOf(':'));
}

function tagOf(ref: string): string {
  return ref.slice(ref.lastIndexOf(':') + 1);
}
