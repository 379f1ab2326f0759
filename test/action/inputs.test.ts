import { describe, expect, it } from 'vitest';
import { inputLines, readInputs } from '../../src/action/inputs.ts';
import { describeInputs, parseInputs } from '../../src/options/index.ts';
import { kebab } from '../../src/text/hint.ts';
import { actionMetadata } from '../support/runner.ts';

/** Reads variables as the runner sets them, through the same look-up as @actions/core's. */
function read(env: Readonly<Record<string, string>>): Record<string, string> {
  return readInputs((name) => (env[`INPUT_${name.toUpperCase()}`] ?? '').trim(), env);
}

describe('found I: the inputs in the log', () => {
  it('are those that were given, and what the others are, without a secret', () => {
    const lines = inputLines({
      imageList: 'images.txt',
      archive: 'tar',
      copier: 'skopeo',
      token: 'ghs_secret',
    });
    expect(lines).toContain('image-list: images.txt');
    expect(lines).toContain('archive: tar');
    expect(lines).toContain('token: ***');
    // The runner gives a default as if it were written.
    expect(lines).toContain('copier: skopeo (default)');
    expect(lines).toContain("platforms: linux/ and the machine's architecture (default)");
    expect(lines.join('\n')).not.toContain('ghs_secret');
    // Nothing stands for an input that has no value.
    expect(lines.some((line) => line.startsWith('push:'))).toBe(false);
  });

  it.each([
    ['images', 'a:1\nbob:SECRETpw99@127.0.0.1:5000/db:2.1', 'images: a:1\n…@127.0.0.1:5000/db:2.1'],
    ['images', '- image: "bob:SECRETpw 99@r.example/db"', 'images: …@r.example/db"'],
    ['images', 'r.example/a:1@sha256:00,b:2@sha256:11', undefined],
    ['mirrors', 'docker.io=bob:SECRET/x@r.example/hub', 'mirrors: …@r.example/hub'],
    ['push', 'r.example:5000@depth=2, r.example:5001/x@depth=3', undefined],
  ])('never have a password that stands before a host: %s', (name, value, shown) => {
    const line = `${kebab(name)}: ${value}`;
    expect(inputLines({ [name]: value })).toContain(shown ?? line);
  });

  it('are said of each input, with its value as action.yml has it', async () => {
    const { inputs } = await actionMetadata();
    const given = Object.entries(inputs).filter(([, { default: written = '' }]) => written !== '');
    const env = Object.fromEntries(
      given.map(([name, { default: written = '' }]) => [`INPUT_${name.toUpperCase()}`, written]),
    );
    const lines = inputLines(read(env)).filter((line) => !line.startsWith('token'));
    expect(lines.every((line) => line.endsWith(' (default)'))).toBe(true);
    expect(lines.length).toBeGreaterThan(20);
  });
});

describe('inputs', () => {
  it('come by the names of action.yml, hyphens kept; empty ones are absent', () => {
    const env = {
      'INPUT_IMAGE-LIST': ' images.txt \n',
      INPUT_PLATFORMS: '',
      INPUT_ARCHIVE: 'tar',
      PATH: '/bin',
    };
    expect(read(env)).toEqual({ imageList: 'images.txt', archive: 'tar' });
  });

  it('have, with the defaults of action.yml, the defaults of the schema', async () => {
    const { inputs } = await actionMetadata();
    const env = Object.fromEntries(
      Object.entries(inputs).map(([name, input]) => [`INPUT_${name.toUpperCase()}`, input.default ?? '']),
    );
    // The runner fills the job's token in.
    const token = '${{ github.token }}';
    expect(parseInputs(read(env))).toEqual({ ...parseInputs({}), token });
    expect(Object.keys(inputs)).toEqual([...describeInputs().keys()].map(kebab));
  });

  it('that are yes or no have a default, since GitHub’s own reading of them knows no absence', async () => {
    const { inputs } = await actionMetadata();
    const booleans = [...describeInputs()].filter(([, { kind }]) => kind === 'boolean');
    expect(booleans.map(([name]) => name)).toEqual([
      'expandTags',
      'offline',
      'strictTags',
      'dryRun',
      'summary',
    ]);
    for (const [name] of booleans) expect(inputs[kebab(name)]?.default).toMatch(/^(true|false)$/);
  });

  it.each([
    [{ 'INPUT_IMAGE-LISTS': 'a' }, "there is no input 'image-lists'; did you mean 'image-list'?"],
    [{ INPUT_IMAGE_LIST: 'a' }, "there is no input 'image_list'; did you mean 'image-list'?"],
    [{ INPUT_SUMMARIES: 'x', INPUT_ZZZ: 'x' }, "there is no input 'summaries'\nthere is no input 'zzz'"],
    [{ INPUT_SUMMARY: 'yes' }, 'summary: must be true or false'],
    [
      { 'INPUT_DRY-RUN': '1', INPUT_RETRIES: 'many' },
      'retries: must be a whole number from 0 to 50\ndry-run: must be true or false',
    ],
    [{ INPUT_OUTPUT: 'none' }, 'output and archive are both none: nothing would be written'],
    [
      { INPUT_SKOPEO: 'https://a.example/skopeo' },
      'skopeo: an address needs the sha256 of the binary that it serves',
    ],
  ])('are refused, all faults at once: %j', (env, message) => {
    expect(() => parseInputs(read(env))).toThrow(expect.objectContaining({ code: 'usage', message }));
  });

  it('that are unknown and empty are nothing: a workflow may set such variables', () => {
    expect(read({ INPUT_ZZZ: ' ' })).toEqual({});
  });

  it('of the action alone are none of the command’s options', () => {
    expect(parseInputs({ summary: 'false' })).toMatchObject({ summary: false });
    expect(parseInputs({}).options).not.toHaveProperty('summary');
  });

  it('S8: the Actions cache and offline contradict each other, where the cache was asked for', () => {
    const given = { images: 'app:1', offline: 'true' };
    expect(parseInputs(given).options.offline).toBe(true);
    expect(() => parseInputs({ ...given, cache: 'actions' })).toThrow(
      'cache and offline contradict each other',
    );
  });
});
