import { describe, expect, it } from 'vitest';
import { parseList } from '../../src/list/index.ts';
import { formatReference } from '../../src/oci/reference.ts';
import type { ParsedList } from '../../src/list/request.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;

const parse = (text: string | Uint8Array): ParsedList =>
  parseList(typeof text === 'string' ? new TextEncoder().encode(text) : text, 'images.txt', {
    format: 'auto',
    defaultRegistry: 'docker.io',
  });
const names = ({ requests }: ParsedList): (string | false)[] =>
  requests.map(({ source }) => source.transport === 'docker' && formatReference(source.reference));
const faults = ({ rejects }: ParsedList): [line: number, words: string][] =>
  rejects.map(({ origin, reason, hint = '' }) => [origin.line, `${reason}. ${hint}`]);

it('case G2: each line that an empty variable left is an error with its line and that reason', () => {
  const lines = [
    'null/app:1',
    '<nil>/app:1',
    'undefined/app:1',
    'registry.example/app:null',
    'registry.example/app:<no value>',
    'registry.example/app:None',
    '/app:1',
    'registry.example/app:',
    ':latest',
    'registry.example//app:1',
  ];
  const list = parse([...lines, 'registry.example/team/null/app:1'].join('\n'));
  expect(names(list)).toEqual(['registry.example/team/null/app:1']);
  expect(faults(list).map(([line]) => line)).toEqual(lines.map((_, at) => at + 1));
  for (const [, words] of faults(list)) expect(words).toMatch(/variable was probably empty/);
});

describe('case G3: a list as Windows and browsers save it', () => {
  const plain = 'quay.io/a/b:1\nquay.io/a/c:1\n';
  const windows = `\uFEFF${plain.replaceAll('\n', '\r\n')}`;
  it.each<[string, Uint8Array]>([
    ['UTF-8 with a mark and CRLF', Buffer.from(windows)],
    ['UTF-16 little endian', Buffer.from(windows, 'utf16le')],
    ['UTF-16 big endian', Buffer.from(windows, 'utf16le').swap16()],
    ['UTF-8', Buffer.from(plain)],
  ])('in %s has the same images', (_, bytes) => {
    expect(names(parse(bytes))).toEqual(['quay.io/a/b:1', 'quay.io/a/c:1']);
    expect(faults(parse(bytes))).toEqual([]);
  });

  it('with blanks that nobody sees at the end of an entry is read, and one inside is named by its code point', () => {
    const list = parse('quay.io/a/b:1\u200B\nquay.io/a/c:1\u00A0\nquay.io/a/\u200Bd:1\n');
    expect(names(list)).toEqual(['quay.io/a/b:1', 'quay.io/a/c:1']);
    expect(faults(list)).toEqual([[3, expect.stringContaining('U+200B')]]);
  });
});

it('case G4: a version with + is an error that says how registries store it, and nothing is replaced', () => {
  const list = parse('rancher/rke2-runtime:v1.2.3+rke2r1\ncharts/app:1.2.3+build.5\n');
  expect(list.requests).toEqual([]);
  expect(faults(list)).toEqual([
    [1, expect.stringMatching(/'v1\.2\.3_rke2r1' \(Helm charts\) or 'v1\.2\.3-rke2r1' \(RKE2/)],
    [2, expect.stringContaining("'1.2.3_build.5'")],
  ]);
});

it('case G5: a name with capitals is an error with the name in small letters; a host has no case, a tag has', () => {
  const list = parse('ghcr.io/Org/App:Tag\nGHCR.IO/org/app:Tag\n');
  expect(names(list)).toEqual(['ghcr.io/org/app:Tag']);
  expect(faults(list)).toEqual([[1, expect.stringContaining("Did you mean 'ghcr.io/org/app:Tag'?")]]);
});

it('case G6: an entry with tag and digest is saved by the digest, and one without a host from docker.io, with a warning', () => {
  const list = parse(`127.0.0.1:5000/one:1@${DIGEST}\nbusybox:1\n`);
  expect(names(list)).toEqual([`127.0.0.1:5000/one:1@${DIGEST}`, 'docker.io/library/busybox:1']);
});
