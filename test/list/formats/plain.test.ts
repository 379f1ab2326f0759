import { describe, expect, it } from 'vitest';
import { parsed, rejectsOf, requestsOf } from '../../support/parsed.ts';

const D = `sha256:${'a'.repeat(64)}`;
const PROSE = 'some words of prose\n';

describe('L1: a plain list', () => {
  it.each<[string, string[]]>([
    ['# a:1\n#b\n ## c\n// d\n  // e:1\na:1\n', ['6: docker.io/library/a:1']],
    ['a:1 # why\nb:1\t#why\nc:1#d\n', ['1: docker.io/library/a:1', '2: docker.io/library/b:1']],
    ['---\na:1\n...\n', ['2: docker.io/library/a:1']],
    [
      '- a:1\n-  b:1\n* c:1\n-\td:1\n',
      [
        '1: docker.io/library/a:1',
        '2: docker.io/library/b:1',
        '3: docker.io/library/c:1',
        '4: docker.io/library/d:1',
      ],
    ],
    [
      `'a:1'\n"b:1"\n- "c:1"\n`,
      ['1: docker.io/library/a:1', '2: docker.io/library/b:1', '3: docker.io/library/c:1'],
    ],
    ['a:1,\nb:1,\n', ['1: docker.io/library/a:1', '2: docker.io/library/b:1']],
    ['"a:1",\n"b:1"', ['1: docker.io/library/a:1', '2: docker.io/library/b:1']],
    [`- 'a:1', # why\n`, ['1: docker.io/library/a:1']],
    ['a:1', ['1: docker.io/library/a:1']],
    [
      'a:1\r\n\r\nb:1\rc:1',
      ['1: docker.io/library/a:1', '3: docker.io/library/b:1', '4: docker.io/library/c:1'],
    ],
  ])('is read with its line numbers: %j', (text, requests) => {
    expect(parsed(text).format).toBe('plain');
    expect(requestsOf(text)).toEqual(requests);
  });

  it.each([
    ['a:1,\nb:1\n', 0],
    ['a:1\nb:1,\nc:1\n', 2],
    ['a:1\nb:1,\n', 2],
    ['a:1,\n', 0],
  ])('takes commas for an array only behind each line but the last: %j', (text, bad) => {
    expect(parsed(text).rejects.map(({ origin }) => origin.line)).toEqual(bad === 0 ? [] : [bad]);
  });

  it.each<[string, string]>([
    ['a bullet alone', '*\na:1\n'],
    ['quotes alone', '""\na:1\n'],
  ])('has an error for %s', (_, text) => {
    expect(rejectsOf(text)[0]).toBe('1: this entry does not name an image');
    expect(requestsOf(text)).toHaveLength(1);
  });

  it.each([
    ['longer than any entry', 'x'.repeat(4097)],
    ['with a comment beyond that', `a:1 #${'x'.repeat(4097)}`],
    ['that is a comment of another language and longer', `//${'x'.repeat(4097)}`],
    ['with a comma, a bullet and quotes', `- "${'x'.repeat(4097)}",`],
  ])('has an error for a line %s', (_, line) => {
    const { rejects } = parsed(`${line}\n`, { format: 'plain' });
    expect(rejects).toMatchObject([{ text: '', reason: 'this entry is longer than 4096 characters' }]);
  });

  it('may have a line of 4096 characters, with its comment', () => {
    expect(requestsOf(`a:1 #${'x'.repeat(4091)}`, { format: 'plain' })).toHaveLength(1);
  });
});

describe('found L4: a plain list is recognised', () => {
  it.each([
    ['by half of its lines', `a\n${PROSE}`],
    ['by a single word', 'hello\n'],
    ['by one line in ten that is an image for certain', `quay.io/acme/web:1\n${PROSE.repeat(9)}`],
    ['without any line', ''],
    ['by comments alone', '# a\n'],
    ['by pairs', 'a => b\n'],
    ['by pairs with a blank on one side', 'a=> b\na ->b\n'],
    ['by pairs without blanks', 'a=>b\n'],
    ['by pairs of several names', 'a => b, c,  d\n'],
    ['by an option with a value', '--platform linux/arm64 a\n'],
    ['by other options', '-q a\n--quiet=true a b\n'],
    ['by a pasted command', 'docker pull a\nsudo podman image pull -q a\nnerdctl pull a b\n'],
    ['by what kubeadm prints', '[config/images] Pulled registry.k8s.io/pause:3.10\n'],
    ['by a template in an entry', 'x/{{ .Values.name }}:1\n'],
    ['by a second column', `a/b x\na:1 ${D}\n`],
    ['by a host with a port', '[::1]:5000/a:1\n'],
  ])('%s', (_, text) => {
    expect(parsed(text).format).toBe('plain');
  });

  it.each([
    ['fewer lines', `a\n${PROSE}${PROSE}`, 2],
    ['one such line in eleven', `quay.io/acme/web:1\n${PROSE.repeat(10)}`, 2],
    ['one line in ten with neither a registry nor a tag', `acme/web:1\nquay.io/a\n${PROSE.repeat(18)}`, 3],
    ['a pair with more words', 'a => b c\n', 1],
    ['a pair of blanks alone', '=> =>\n', 1],
    ['a template with words around', 'see {{ .Values.name }} there\n', 1],
    ['half of a template', 'x {{ .Values.name\n', 1],
    ['marks in another order', 'a }} b {{ c\n', 1],
    ['two words', 'hello world\n', 1],
    ['two words with a colon at the end', 'hello: world: all\n', 1],
    ['an address', 'http:// see\n', 1],
    ['three columns', 'a:1 b:1 c:1\nd:1 e:1 f:1\n', 1],
    ['a word that begins like a command', 'dockers pull a\nundocker pull a\n', 1],
    ['an option that is none of ours', '--help prints this text\n', 1],
    ['long lines', `${'x'.repeat(4097)}\n`, 1],
    ['what a tool prints', '[config/files] Pulled a\n', 1],
  ])('not by %s, and the first line that speaks against it is named', (_, text, line) => {
    const { format, rejects } = parsed(text);
    expect(format).toBe('unknown');
    expect(rejects).toMatchObject([
      { origin: { line }, reason: expect.stringMatching(/^this line does not fit any list format$|YAML/) },
    ]);
  });
});
