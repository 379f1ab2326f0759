import { describe, expect, it } from 'vitest';
import { secretsIn } from '../../src/action/masks.ts';
import { OciSaveError } from '../../src/errors.ts';
import { parseContentRange } from '../../src/http/response/download.ts';
import { readProxies } from '../../src/http/proxies.ts';
import { parseRetryAfter, readRefusal, shown } from '../../src/http/response/refusal.ts';
import { parseList } from '../../src/list/parse-list.ts';
import { contentLines, stripQuotes } from '../../src/list/syntax/lines.ts';
import { bareType, isMediaType } from '../../src/oci/media-type.ts';
import { explainEmptyValue, explainReference } from '../../src/oci/reference-hint.ts';
import { holdsCredentials, quoteReference, quoteText, showText } from '../../src/oci/reference-quote.ts';
import { isDomain, isReference, isRepositoryPath, isTag, namesRegistry } from '../../src/oci/reference.ts';
import { looksLikeSecret, pemStart } from '../../src/oci/secret-text.ts';
import { parseChallenges } from '../../src/registry/auth/challenge.ts';
import { parseErrorBody } from '../../src/registry/error.ts';
import { chooseRange, isUnmodified } from '../../src/serve/conditional.ts';
import { routeOf } from '../../src/serve/router.ts';
import { skopeoFailure } from '../../src/skopeo/index.ts';
import { percentDecoded, plainLines, plainText, printable, shellWord } from '../../src/text/plain-text.ts';
import { withoutSecrets } from '../../src/text/secret.ts';
import { html } from '../../src/view/html/template.ts';
import { code, escaped, prose } from '../../src/view/markdown/markdown.ts';

const MIB = 1024 * 1024;
const digest = `sha256:${'0'.repeat(64)}` as const;
const failed = (stderr: string): unknown =>
  skopeoFailure('x', { exitCode: 1, signal: undefined, stdout: '', stderr }, ['a-secret']);

function proxyOf(text: string): unknown {
  try {
    return readProxies({ HTTPS_PROXY: `http://${text}` });
  } catch (error) {
    // What is no address is refused.
    if (error instanceof OciSaveError) return error;
    throw error;
  }
}

/** A file of lines that are as long as entries may be. */
const listOf = (text: string): Uint8Array =>
  new TextEncoder().encode(text.replaceAll(/.{4000}/gsu, (line) => `a ${line} !\n`));

/**
 * What reads text that servers, programs and lists have, and the beginnings of what each looks for. Responses' headers
 * are at most 16 KiB (Node). Each regular expression alone is tried by house/expressions.test.ts.
 */
const FILTERS: Record<string, readonly [read: (text: string) => unknown, ...units: string[]]> = {
  'the message of skopeo': [failed, 'http://', 'https://a?', 'Bearer a', 'level=error ', '\n'],
  'the quoted message of skopeo': [
    (text) => failed(`level=fatal msg="${text}`),
    '\\',
    '\\"',
    'http://',
    'Basic ',
  ],
  'an error’s body': [
    (text) =>
      readRefusal({
        host: 'x',
        status: 500,
        body: new TextEncoder().encode(text),
        retryAfter: undefined,
        secrets: ['a-secret'],
        parse: parseErrorBody,
      }),
    'http://',
    '{"a":',
    '[[',
    '<',
    ' ',
  ],
  'an error’s words': [(text) => shown(text, ['a-secret']), 'a-secre', ' ', '\u0000', '\u00A0'],
  'WWW-Authenticate': [
    (text) => parseChallenges([text.slice(0, 16 * 1024)]),
    'a="',
    'a=',
    ',',
    'Basic ',
    '"\\',
    '\t',
  ],
  'Retry-After': [(text) => parseRetryAfter(text, text, 0), '1', 'Mon ', 'a, ', ' '],
  'Content-Range': [parseContentRange, 'bytes ', '1', '-', ' '],
  'a media type': [(text) => [isMediaType(text), bareType(text)], 'a/', 'a', ';', ' '],
  'a proxy': [proxyOf, 'a', '/a:b@', '/%41', '?'],
  'the secrets of a step': [
    (text) => secretsIn({ INPUT_SKOPEO: text }),
    'http://a',
    '//a:',
    '//%41',
    '?',
    '#',
    'a@',
  ],
  'a text with secrets': [
    (text) => withoutSecrets(text, [text.slice(0, 999), 'a-secret']),
    'a-secre',
    'a\n',
    ' ',
  ],
  'a list': [
    (text) => parseList(listOf(text), 'x', { format: 'auto', defaultRegistry: 'x' }),
    '"',
    '\\"',
    '{{',
    '=>',
    '=> ',
    ' #',
    '- ',
    '{',
    '[',
    'a: ',
    '? ',
  ],
  'a line of a list': [
    (text) => [contentLines(text), stripQuotes(text)],
    '"',
    `'"`,
    ' ',
    '\u200B',
    '###',
    '\n',
  ],
  'a reference': [
    (text) => [isReference, isTag, isDomain, isRepositoryPath, namesRegistry].map((fits) => fits(text)),
    'a',
    'a/',
    'a.',
    'a-',
    'a_',
    '[',
    ':1',
    '@sha256:',
  ],
  'the reason why it is none': [
    (text) => [explainReference(text, 'bad-tag'), explainReference(text, ''), explainEmptyValue(text)],
    '@',
    ':',
    '/',
    '@a',
    ':null',
    '${',
    'http://',
    'A',
    '.',
  ],
  'what is quoted of it': [
    (text) => [quoteReference(text), quoteText(text), showText(text), holdsCredentials(text)],
    '@',
    ':',
    '@sha1:',
    '[',
    '?',
    'a ',
    '\u0000',
    'é',
  ],
  'what may be a secret': [
    (text) => [looksLikeSecret(text), pemStart(text)],
    '-----BEGIN ',
    '----',
    'password',
    'sha1',
    'sha256:',
    'a1',
    'A',
    'gh',
  ],
  'plain text': [
    (text) => [plainText(text), plainLines(text), printable(text)],
    '//',
    '//a',
    ' ',
    '\r\n',
    '\u001b[',
    '\u001b]',
    '::',
    '##',
  ],
  'an address with escapes': [percentDecoded, '%', '%4', '%41'],
  'a word of a shell': [shellWord, `'`, 'a', '\\'],
  Markdown: [(text) => [escaped(text), code(text), prose(text)], '`', '`a', '<', 'www', ':/', '&#96;'],
  HTML: [(text) => html`<p>${text}</p>`, '<', '&', '"', '\n '],
  'a path of a request': [routeOf, '/', '/v2/', 'a/', '/blobs', '%'],
  Range: [(text) => chooseRange(text, 1), 'bytes=', '1', '-', ','],
  'If-None-Match': [(text) => isUnmodified(text, digest), '"', ',', 'W/', ' '],
};

describe('found B5: a mebibyte of what takes longest is read without delay by', () => {
  it.each(Object.entries(FILTERS))('%s', (_, [read, ...units]) => {
    for (const unit of units) {
      const text = unit.repeat(MIB / unit.length);
      // The same with an end that fits nothing.
      for (const each of [text, `a${text} !\u0001`]) expect(() => read(each)).not.toThrow();
    }
  });
});
