import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { parsed, rejectsOf, requestsOf, warningsOf } from '../support/parsed.ts';
import { runMainAnyhow } from '../support/main.ts';

describe('found F5: a plain list among shell and prose', () => {
  const lines = [
    'quay.io/a/b:1',
    'for image in $(cat list); do',
    'this needs a login first, ask the team',
    '  docker save $image | gzip > out.tgz',
    'done with it at last',
    'ghcr.io/a/c:2 => c:2',
    'and now the other half of this',
  ];
  const text = `${lines.join('\n')}\n`;

  it('has every bad line with its number, as where the format is named', () => {
    const list = parsed(text);
    expect(list.format).toBe('plain');
    expect(list.rejects.map(({ origin }) => origin.line)).toEqual([2, 3, 4, 5, 7]);
    expect(list.rejects).toEqual(parsed(text, { format: 'plain' }).rejects);
    expect(requestsOf(text)).toEqual(['1: quay.io/a/b:1', '6: ghcr.io/a/c:2 => docker.io/library/c:2']);
  });

  it.each([
    ['one reference beyond doubt in ten lines', `${'some more words of prose\n'.repeat(9)}quay.io/a/b:1\n`],
    ['a digest', `${'some more words of prose\n'.repeat(3)}quay.io/a/b@sha256:${'a'.repeat(64)}\n`],
    ['a host with a port', `${'some more words of prose\n'.repeat(3)}localhost:5000/b:1\n`],
  ])('is a plain list by %s', (_, prose) => {
    expect(parsed(prose).format).toBe('plain');
  });

  it.each([
    ['fewer', `${'some more words of prose\n'.repeat(10)}quay.io/a/b:1\n`],
    ['a name without a registry', `${'some more words of prose\n'.repeat(3)}a/b:1\n`],
    ['a name without a tag', `${'some more words of prose\n'.repeat(3)}quay.io/a/b\n`],
    ['a reference in a sentence', 'see quay.io/a/b:1 for this\nquay.io/a/b:1 is what we want\n'.repeat(3)],
  ])('is no plain list by %s', (_, prose) => {
    expect(parsed(prose)).toMatchObject({ format: 'unknown', rejects: [{ origin: { line: 1 } }] });
  });

  it('has all of them in --json, and the first fifty in the text for people', async () => {
    const bad = Array.from({ length: 60 }, (_, at) => `line ${at} of a long letter`);
    const input = [new TextEncoder().encode(`${'quay.io/a/b:1\n'.repeat(8)}${bad.join('\n')}\n`)];
    const { exitCode, stdout, stderr } = await runMainAnyhow(
      ['save', '-f', '-', '--json', '--dry-run'],
      input,
    );
    expect(exitCode).toBe(2);
    const detail = z.strictObject({
      file: z.literal('stdin'),
      line: z.number(),
      message: z.string(),
      hint: z.literal('Write one reference per line.'),
    });
    const error = z.strictObject({
      code: z.literal('list'),
      message: z.string(),
      hint: z.string(),
      details: z.array(detail),
    });
    const { details } = z.strictObject({ error }).parse(JSON.parse(stdout)).error;
    expect(details.map(({ line }) => line)).toEqual(bad.map((_, at) => at + 9));
    const shown = stderr.split('\n').filter((line) => line.includes('stdin:'));
    expect(shown).toHaveLength(50);
    expect(shown[49]).toContain('stdin:58: this entry has 6 words (Write one reference per line.)');
    expect(stderr).toContain('and 10 more');
  });

  it('has no array in --json where the error names no line', async () => {
    const { stdout } = await runMainAnyhow(['save', '--json', '--list-format', 'plian', 'x:1']);
    expect(JSON.parse(stdout)).toEqual({
      error: { code: 'usage', message: expect.any(String), hint: "Did you mean 'plain'?" },
    });
  });
});

describe('found F8: an architecture that nobody builds for', () => {
  it.each([
    ['--platform=linux/arm46 quay.io/a/b:1', "1: the architecture 'arm46' is unknown; did you mean 'arm64'?"],
    ['quay.io/a/b:1 linux/amd46', "1: the architecture 'amd46' is unknown; did you mean 'amd64'?"],
    ['- {image: "a:1", arch: ppc64el}', "1: the architecture 'ppc64el' is unknown; did you mean 'ppc64le'?"],
    ['- {image: "a:1", platform: linux/vax}', "1: the architecture 'vax' is unknown"],
  ])('is told with the nearest one: %s', (line, warning) => {
    expect(warningsOf(line)).toEqual([warning]);
  });

  it('is told once, at its first line, and the image is taken', () => {
    const text = 'a:1\n--platform=linux/arm46 b:1\n--platform=linux/arm46,linux/x68 c:1\n';
    expect(warningsOf(text)).toEqual([
      "2: the architecture 'arm46' is unknown; did you mean 'arm64'?",
      "3: the architecture 'x68' is unknown",
    ]);
    expect(requestsOf(text)).toHaveLength(3);
  });

  it.each(['all', 'linux/arm/v6', 'windows/amd64:10.0.17763', 'linux/x86_64', 'wasi/wasm', 'riscv64'])(
    'is not what %s is',
    (platform) => {
      expect(warningsOf(`--platform=${platform} quay.io/a/b:1\n`)).toEqual([]);
    },
  );
});

describe('found F8: a variable without its value', () => {
  const WORDS = 'it contains a variable or a template without its value (Write the value.)';
  it.each([
    'quay.io/$TEAM/b:1',
    '$REGISTRY/b:1',
    'quay.io/a/b:{{ .V }}',
    '{{ .Values.image }}',
    'quay.io/a/b:{% v %}',
    'quay.io/a/b:<%= v %>',
    '###REGISTRY###/a/b:1',
    'quay.io/a/b:1 => $TARGET/b',
    'quay.io/a/b:%TAG%',
    'quay.io/a/b:<version>',
    'quay.io/a/b:@TAG@',
    '- {image: "quay.io/$TEAM/b:1"}',
    '- {image: "quay.io/a/b:{{ .V }}"}',
    '- "{{ .Values.image }}"',
    '- {image: quay.io/a/b, tag: "{{ .V }}"}',
    '- {image: "a:1", as: "$TARGET/b"}',
  ])('is named alike, with the same remedy: %s', (line) => {
    expect(rejectsOf(`${line}\n`)).toEqual([expect.stringContaining(WORDS)]);
    expect(rejectsOf(`${line}\n`)[0]).toMatch(/^1: /);
  });

  it.each(['quay.io/a/b:${TAG}', '- {image: "quay.io/a/b:${TAG}"}'])(
    'L16: is named by its name: %s',
    (line) => {
      expect(rejectsOf(`${line}\n`)).toEqual([
        expect.stringContaining('the variable TAG has no value (Give it with --vars TAG=VALUE.)'),
      ]);
    },
  );

  it('is not what a password with a dollar sign is', () => {
    const [reject] = rejectsOf('quay.io/a/b:1\nhttps://me:hunter$Two@x.example/a\n');
    expect(reject).toMatch(/^2: .*a user name and a password/);
    expect(reject).not.toContain('hunter');
  });
});

describe('L8: a setting of a list that is not text', () => {
  it.each([
    ['hauler', 'apiVersion: content.hauler.cattle.io/v1\nkind:\n  a: b\n', "3: 'kind' is not text"],
    ['list', '- a:1\n- {image: [b]}\n', "2: 'image' is not text"],
  ])('of %s is an error with its line', (format, text, reject) => {
    expect(rejectsOf(text, { format })).toEqual([reject]);
  });
});
