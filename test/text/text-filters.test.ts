import { describe, expect, it } from 'vitest';
import { parseContentRange } from '../../src/http/download.ts';
import { parseRetryAfter, readRefusal, shown } from '../../src/http/refusal.ts';
import { bareType, isMediaType } from '../../src/oci/media-type.ts';
import { parseChallenges } from '../../src/registry/auth/challenge.ts';
import { parseErrorBody } from '../../src/registry/error.ts';
import { chooseRange, isUnmodified } from '../../src/serve/conditional.ts';
import { routeOf } from '../../src/serve/router.ts';
import { skopeoFailure } from '../../src/skopeo/index.ts';

const MIB = 1024 * 1024;
const digest = `sha256:${'0'.repeat(64)}` as const;
const failed = (stderr: string): unknown =>
  skopeoFailure('x', { exitCode: 1, signal: undefined, stdout: '', stderr }, ['a-secret']);

/** What reads text that servers and programs send. Responses' headers are at most 16 KiB (Node). */
const FILTERS: Record<string, (text: string) => unknown> = {
  'the message of skopeo': failed,
  'the quoted message of skopeo': (text) => failed(`level=fatal msg="${text}`),
  'an error’s body': (text) =>
    readRefusal({
      host: 'x',
      status: 500,
      body: new TextEncoder().encode(text),
      retryAfter: undefined,
      secrets: ['a-secret'],
      parse: parseErrorBody,
    }),
  'an error’s words': (text) => shown(text, ['a-secret']),
  'WWW-Authenticate': (text) => parseChallenges([text.slice(0, 16 * 1024)]),
  'Retry-After': (text) => parseRetryAfter(text, text, 0),
  'Content-Range': parseContentRange,
  'a media type': (text) => [isMediaType(text), bareType(text)],
  'a path of a request': routeOf,
  Range: (text) => chooseRange(text, 1),
  'If-None-Match': (text) => isUnmodified(text, digest),
};

/** What expressions like these take long for: the beginnings of what they look for, again and again, and no end. */
const UNITS = [
  'http://',
  'https://a?',
  'a',
  ' ',
  '\n',
  '\t',
  '\r\n',
  '-',
  '.',
  '/',
  'a/',
  ':',
  '@',
  'a:b@',
  '//a@',
  '%',
  '%4',
  '%41',
  '"',
  '\\',
  '\\"',
  "'",
  '=',
  'a=',
  'a="',
  ',',
  'Basic ',
  'Bearer a',
  'msg="',
  '<',
  '<a',
  '&',
  '`',
  '*',
  '_',
  '[',
  '](',
  '{',
  '{"a":',
  '[[',
  '\u001b[',
  '\u0000',
  '-----BEGIN ',
  'level=error ',
  'bytes ',
  'bytes=',
  '1',
  '0',
  'sha256:',
  '\u00A0',
  '\uFEFF',
  'é',
  'a_',
  'a__',
  'a.-',
  '$',
  '${',
  '#',
  ';',
  '|',
];

describe('found B5: a mebibyte of what takes longest is read without delay by', () => {
  it.each(Object.keys(FILTERS))('%s', (name) => {
    const filter = FILTERS[name];
    for (const unit of UNITS) {
      const text = unit.repeat(MIB / unit.length);
      // The same with an end that fits nothing.
      for (const each of [text, `${text}\u0001`, `a${text} !`]) expect(() => filter?.(each)).not.toThrow();
    }
  });
});
