import { RequestError } from '@octokit/request-error';
import { describe, expect, it } from 'vitest';
import {
  isTemporary,
  readRefusal,
  type Refusal,
  refusalError,
} from '../../../src/github-release/service/refusal.ts';

const NOW = Date.parse('2026-11-02T03:00:00Z');

function refusal(status: number, data: unknown, headers: Readonly<Record<string, string>> = {}): Refusal {
  const request = {
    method: 'POST',
    url: 'https://api.github.com/x',
    headers: { authorization: 'token SECRET' },
  } as const;
  const response = { status, url: 'https://api.github.com/x', headers, data, retryCount: 0 };
  const read = readRefusal(new RequestError('said', status, { request, response }), ['ghs_SECRET'], NOW);
  if (read === undefined) throw new Error('it is none');
  return read;
}

const told = (one: Refusal): string => {
  const { code, message, hint } = refusalError('x cannot be done', 'org/site on api.github.com', one);
  return `${code} | ${message} | ${hint ?? ''}`;
};

describe('a refusal of the service', () => {
  it.each<[string, Refusal, RegExp]>([
    [
      'rights',
      refusal(403, { message: 'Resource not accessible by integration' }),
      /^denied \| .*403 \(Resource not accessible by integration\) \| .*permissions: contents: write/,
    ],
    ['a dead token', refusal(401, { message: 'Bad credentials' }), /^denied \| .*401/],
    [
      'nothing there',
      refusal(404, { message: 'Not Found' }),
      /^not-found \| .*404.* \| Check the repository/,
    ],
    [
      'immutability',
      refusal(422, { message: 'Cannot upload assets to an immutable release.' }),
      /^unsupported \| .* \| .*release under a new tag/,
    ],
    [
      'a taken name',
      refusal(422, {
        message: 'Validation Failed',
        errors: [{ resource: 'ReleaseAsset', code: 'already_exists', field: 'name' }],
      }),
      /\(Validation Failed; name already_exists\) \| Another run writes/,
    ],
    [
      'size',
      refusal(422, {
        message: 'Validation Failed',
        errors: [{ code: 'custom', field: 'size', message: 'size must be less than or equal to 2147483648' }],
      }),
      /Take smaller parts: --split-size/,
    ],
    ['a server', refusal(502, '<html>Bad Gateway</html>'), /^network \| .*it answered 502 \| /],
    [
      'words that forge lines',
      refusal(400, { message: 'a\n::error::b\u001B[31m' }),
      /\(a ::error::b \[31m\)/,
    ],
    [
      'words that repeat the token',
      refusal(422, { message: 'no ghs_SECRET', errors: ['ghs_SECRET', { message: 'nor ghs_SECRET' }] }),
      /\(no \*\*\*; \*\*\*; nor \*\*\*\)/,
    ],
  ])('is told with its hint: %s', (_, one, words) => {
    expect(told(one)).toMatch(words);
    expect(told(one)).not.toMatch(/SECRET|\n/);
  });

  it.each<[string, Refusal, Partial<Refusal>]>([
    ['seconds', refusal(429, {}, { 'retry-after': '7' }), { limited: true, wait: 7000 }],
    [
      'a secondary limit',
      refusal(403, { message: 'You have exceeded a secondary rate limit' }),
      { limited: true, wait: undefined },
    ],
    [
      'the hour’s quota',
      refusal(
        403,
        { message: 'API rate limit exceeded' },
        { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(NOW / 1000 + 90) },
      ),
      { limited: true, wait: 90_000 },
    ],
    [
      'no limit, with a quota that is far',
      refusal(
        403,
        { message: 'Resource not accessible by integration' },
        { 'x-ratelimit-remaining': '4000', 'x-ratelimit-reset': '1' },
      ),
      { limited: false, wait: undefined },
    ],
  ])('about how often we ask says how long: %s', (_, one, wanted) => {
    expect(one).toMatchObject(wanted);
    expect(isTemporary(one)).toBe(wanted.limited);
  });

  it('without an answer names the network’s code, and no address', () => {
    const request = { method: 'GET', url: 'https://x', headers: {} } as const;
    const cause = new TypeError('fetch failed', {
      cause: Object.assign(new Error('connect http://me:pw@proxy'), { code: 'ECONNREFUSED' }),
    });
    const read = readRefusal(new RequestError('connect http://me:pw@proxy', 500, { request, cause }), []);
    expect(read).toMatchObject({ status: 0, words: 'ECONNREFUSED' });
    expect(told(read!)).toMatch(/^network \| .*no answer came \(ECONNREFUSED\)/);
  });

  it('is nothing that a stranger threw', () => {
    expect(readRefusal(new Error('x'), [])).toBeUndefined();
    expect(readRefusal('x', [])).toBeUndefined();
  });
});
