import { describe, expect, it } from 'vitest';
import { OciSaveError } from '../../../src/errors.ts';
import { expandTags, parseInline, type TagRequest } from '../../../src/list/index.ts';
import { formatReference } from '../../../src/oci/reference.ts';
import { failureOf } from '../../registry/support.ts';

const tagsOf = (count: number, head = 't'): string[] =>
  Array.from({ length: count }, (_, at) => `${head}${String(at).padStart(5, '0')}`);

interface Given {
  readonly isAllowed?: boolean;
  readonly tags?: Readonly<Record<string, readonly string[] | OciSaveError>>;
  readonly rules?: readonly Partial<TagRequest['selection']>[];
}

/** Entries with `--all-tags`, the first ones with rules, and what became of them. */
async function expand(entries: readonly string[], { isAllowed = true, tags = {}, rules = [] }: Given = {}) {
  const asked: string[] = [];
  const told: string[] = [];
  const { tagRequests, rejects } = parseInline(entries, { defaultRegistry: 'docker.io' }, 'list.txt');
  expect(rejects).toEqual([]);
  const requests = await expandTags(
    tagRequests.map((request, at) => ({ ...request, selection: { ...request.selection, ...rules[at] } })),
    {
      isAllowed,
      tell: (message) => told.push(message),
      listTags: (repository) => {
        const name = formatReference(repository);
        asked.push(name);
        const listed = tags[name] ?? ['1', '2'];
        return listed instanceof OciSaveError ? Promise.reject(listed) : Promise.resolve(listed);
      },
    },
  );
  return { requests, asked, told };
}

describe('L17: entries that ask for tags by a rule', () => {
  it('become a request for each tag, with the platforms, the names and the place of the entry', async () => {
    const { requests, told } = await expand([
      'busybox:1',
      '--all-tags --platform=linux/arm64 quay.io/acme/web => site.example/web',
    ]);
    expect(requests).toEqual(
      ['1', '2'].map((tag) => ({
        written: `quay.io/acme/web:${tag}`,
        origin: { file: 'list.txt', line: 2 },
        source: { transport: 'docker', reference: { domain: 'quay.io', path: 'acme/web', tag } },
        platforms: [{ os: 'linux', architecture: 'arm64' }],
        storedAs: [{ domain: 'site.example', path: 'web', tag }],
        implicitTag: false,
      })),
    );
    expect(told).toEqual(['Tags: list.txt:2: quay.io/acme/web: 2 of 2: 1, 2']);
  });

  it('are told with what they leave out, and the first tags of many', async () => {
    const tags = { 'quay.io/a/b': [...tagsOf(30), '1.0.0'] };
    const rules = [{}, { newest: 3 }];
    const { told } = await expand(['-a quay.io/a/b', '-a quay.io/a/b'], { tags, rules });
    expect(told[0]).toMatch(
      /^Tags: list\.txt:1: quay\.io\/a\/b: 31 of 31: 1\.0\.0, t00000, .*, t00018, and 11 more$/,
    );
    expect(told[1]).toBe('Tags: list.txt:2: quay.io/a/b: 1 of 31: 1.0.0; left out: 30 without a version');
    const twenty = await expand(['-a quay.io/a/b'], { tags: { 'quay.io/a/b': tagsOf(20) } });
    expect(twenty.told).toEqual([expect.stringMatching(/: 20 of 20: t00000, .*, t00019$/)]);
  });

  it('ask a repository once, however many entries choose of its tags', async () => {
    const { asked } = await expand(['-a busybox', '-a docker.io/library/busybox', '-a quay.io/a/b']);
    expect(asked.toSorted()).toEqual(['docker.io/library/busybox', 'quay.io/a/b']);
  });

  it.each<[string, Given, string[]]>([
    [
      'are refused without consent, each with the number of its tags',
      { isAllowed: false, tags: { 'quay.io/a/b': tagsOf(250) }, rules: [{}, { allow: ['1'] }] },
      [
        `list.txt:1: it asks for tags by a rule: it would be 250 of the 250 tags of 'quay.io/a/b' (Save them with --expand-tags, or write the tags that are wanted.)`,
        `list.txt:2: it asks for tags by a rule: it would be 1 of the 2 tags of 'quay.io/a/c' (`,
      ],
    ],
    [
      'are refused without consent, also where a registry lists nothing',
      {
        isAllowed: false,
        tags: { 'quay.io/a/b': new OciSaveError({ code: 'denied', message: 'quay.io/a/b, tags: 401' }) },
      },
      [
        `list.txt:1: 'quay.io/a/b': it asks for tags by a rule, and how many it would be cannot be told: quay.io/a/b, tags: 401 (Save them`,
        'list.txt:2: it asks',
      ],
    ],
    [
      'are errors where they match nothing',
      { tags: { 'quay.io/a/c': [`sha256-${'a'.repeat(64)}.sig`] }, rules: [{ allow: ['^9'] }] },
      [
        `list.txt:1: its rule matches none of the 2 tags of 'quay.io/a/b' (Correct the rule`,
        `list.txt:2: its rule matches none of the 1 tag of 'quay.io/a/c' (left out: 1 of signatures and other referrers) (`,
      ],
    ],
    [
      'are errors where they match more than a list has',
      { tags: { 'quay.io/a/b': tagsOf(1001), 'quay.io/a/c': tagsOf(1000) } },
      [`list.txt:1: its rule matches 1001 of the 1001 tags of 'quay.io/a/b', and an entry may have 1000`],
    ],
    [
      'are errors where their rule cannot be read, before a registry is asked',
      { rules: [{ allow: ['('] }, { versions: ['x y'] }] },
      [`list.txt:1: '(' is not a regular`, `list.txt:2: 'x y' is not a range`],
    ],
  ])('%s', async (_, given, lines) => {
    const error = await failureOf(expand(['-a quay.io/a/b', '-a quay.io/a/c'], given));
    expect(error.code).toBe('list');
    const message = error.details.length > 1 ? error.message : `${error.message} (${error.hint ?? ''})`;
    for (const line of lines) expect(message).toContain(line);
    expect(error.details.length).toBe(lines.length);
  });

  it('end at ten thousand tags in all', async () => {
    const names = Array.from({ length: 11 }, (_, at) => `quay.io/a/r${at}`);
    const tags = Object.fromEntries(names.map((name) => [name, tagsOf(1000)]));
    const entries = names.map((name) => `-a ${name}`);
    expect((await expand(entries.slice(1), { tags })).requests).toHaveLength(10_000);
    const error = await failureOf(expand(entries, { tags }));
    expect(error.message).toBe('list.txt:11: with it, the rules for tags match more than 10000 tags');
  });

  it('fail with the error of the registry, where there is consent', async () => {
    const network = new OciSaveError({ code: 'network', message: 'quay.io: 503', hint: 'Try again.' });
    const error = await failureOf(expand(['-a quay.io/a/b'], { tags: { 'quay.io/a/b': network } }));
    expect([error.code, error.message, error.hint]).toEqual([
      'network',
      'list.txt:1: the tags of quay.io/a/b are not listed: quay.io: 503',
      'Try again.',
    ]);
  });

  it.each([
    ['--all-tags a:1', `'a:1' names a tag or a digest, and its entry chooses tags by a rule`],
    ['--all-tags a => b:1', `'b:1' names a tag or a digest, and its entry chooses tags by a rule`],
    [`-a a sha256:${'0'.repeat(64)}`, 'every tag is asked for, and this entry names a digest'],
    ['-a oci:folder', 'only a repository of a registry has tags to choose from'],
  ])('cannot be %s', (entry, reason) => {
    const { rejects, tagRequests } = parseInline([entry], { defaultRegistry: 'docker.io' });
    expect([rejects.map((reject) => reject.reason), tagRequests]).toEqual([[reason], []]);
  });

  it('are no such entries with --all-tags=false', () => {
    const list = parseInline(['--all-tags=false a:1'], { defaultRegistry: 'docker.io' });
    expect([list.requests.length, list.tagRequests.length, list.ignored]).toEqual([
      1,
      0,
      ['option --all-tags'],
    ]);
  });
});
