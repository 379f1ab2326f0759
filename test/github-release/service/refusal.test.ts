import { describe, expect, it } from 'vitest';
import { OciSaveError } from '../../../src/errors.ts';
import {
  forbidsTag,
  mayRetry,
  networkErrorAt,
  parseErrorBody,
  type Refusal,
  refusalError,
  waitOf,
  wasHeldBack,
  withLimits,
} from '../../../src/github-release/service/refusal.ts';
import { networkError } from '../../../src/http/index.ts';
import { readRefusal } from '../../../src/http/response/refusal.ts';
import { causeTexts } from '../../../src/report/index.ts';

const NOW = Date.parse('2026-11-02T03:00:00Z');

/** A refusal, read when it is called for: what runs while tests are listed belongs to none of them. */
type Answered = () => Refusal;

function refusal(status: number, data: unknown, headers: Readonly<Record<string, string>> = {}): Answered {
  return () => readOf(status, data, headers);
}

function readOf(status: number, data: unknown, headers: Readonly<Record<string, string>>): Refusal {
  const after = headers['retry-after'];
  const read = readRefusal({
    host: 'api.github.com',
    status,
    body: new TextEncoder().encode(typeof data === 'string' ? data : JSON.stringify(data)),
    retryAfter: after === undefined ? undefined : Number(after) * 1000,
    secrets: ['ghs_SECRET'],
    parse: parseErrorBody,
  });
  return withLimits(read, headers, NOW);
}

const told = (one: Refusal): string => {
  const { code, message, hint } = refusalError('x cannot be done', 'org/site on api.github.com', one);
  return `${code} | ${message} | ${hint ?? ''}`;
};

describe('a refusal of the service', () => {
  it.each<[string, Answered, RegExp]>([
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
      'a commit that is not there (jreleaser #1500)',
      refusal(422, {
        message: 'Validation Failed',
        errors: [{ resource: 'Release', code: 'invalid', field: 'target_commitish' }],
      }),
      /^unsupported \| .*\(Validation Failed; target_commitish invalid\) \| The commit .* Push the tag/,
    ],
    [
      'a tag that is none (rultor #856)',
      refusal(422, {
        message: 'Validation Failed',
        errors: [
          { resource: 'Release', code: 'custom', field: 'tag_name', message: 'tag_name is not a valid tag' },
          { resource: 'Release', code: 'custom', message: 'Published releases must have a valid tag' },
        ],
      }),
      /release under another one\.$/,
    ],
    [
      'a tag that an immutable release had (iccDEV #1082)',
      refusal(422, {
        message: 'Validation Failed',
        errors: [
          { resource: 'Release', code: 'custom', message: 'tag_name was used by an immutable release' },
        ],
      }),
      /nor give its tag away: release under a new tag/,
    ],
    [
      'size',
      refusal(422, {
        message: 'Validation Failed',
        errors: [{ code: 'custom', field: 'size', message: 'size must be less than or equal to 2147483648' }],
      }),
      /Take smaller parts: --split-size/,
    ],
    ['size by its status', refusal(413, ''), /^unsupported \| .*413 \| Take smaller parts: --split-size/],
    [
      'the number of files',
      refusal(422, {
        message: 'Validation Failed',
        errors: [
          {
            resource: 'ReleaseAsset',
            code: 'custom',
            field: 'file_count',
            message: 'file_count limited to 1000 assets per release',
          },
        ],
      }),
      /^unsupported \| .*\(Validation Failed; file_count limited to 1000 assets per release\) \| A release holds 1000 files/,
    ],
    [
      'anything else',
      refusal(418, {}),
      /^unsupported \| .*it answered 418 \| Look at the release on its page/,
    ],
    [
      'faults of other forms',
      refusal(422, { message: 'Validation Failed', errors: ['plain', { field: 'x' }, { code: 'y' }, {}] }),
      /\(Validation Failed; plain; x; y\)/,
    ],
    ['what is not of GitHub’s form', refusal(422, { message: 7, errors: 'x' }), /it answered 422 \|/],
    [
      'a limit that has an end',
      refusal(429, { message: 'slow' }, { 'retry-after': '61' }),
      /^quota \| .*429 \(slow\) \| Run it again later, in 2 min: what is there is not sent again\.$/,
    ],
    ['a limit without one', refusal(429, {}), /^quota \| .* \| Run it again later: what is there is not/],
    ['a server at its limit', refusal(500, {}), /^network \| .*500 \| Run it again/],
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
  ])('is told with its hint: %s', (_, answered, words) => {
    const one = answered();
    expect(told(one)).toMatch(words);
    expect(told(one)).not.toMatch(/SECRET|\n/);
  });

  it.each<[string, Answered, Partial<Refusal>]>([
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
    [
      'that a limit has an end, by its header alone',
      refusal(403, { message: 'no' }, { 'retry-after': '3' }),
      { limited: true, wait: 3000 },
    ],
    [
      'a quota that has come back already',
      refusal(429, {}, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(NOW / 1000 - 5) }),
      { limited: true, wait: 0 },
    ],
    [
      'a quota that is used up, and not when it comes back',
      refusal(403, {}, { 'x-ratelimit-remaining': '0' }),
      { limited: true, wait: undefined },
    ],
    [
      'seconds in place of the quota’s end',
      refusal(
        403,
        {},
        { 'retry-after': '2', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(NOW / 1000 + 90) },
      ),
      { limited: true, wait: 2000 },
    ],
    [
      'nothing where something else is refused while the quota is used up',
      refusal(
        422,
        { message: 'about a rate limit' },
        { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(NOW / 1000 + 90) },
      ),
      { limited: false, wait: undefined },
    ],
  ])('about how often we ask says how long: %s', (_, answered, wanted) => {
    const one = answered();
    expect(one).toMatchObject(wanted);
    expect(mayRetry(refusalError('x', 'org/site', one))).toBe(wanted.limited);
  });

  it.each<[string, Answered, { again: boolean; held: boolean; wait: number }]>([
    ['a limit', refusal(429, {}, { 'retry-after': '7' }), { again: true, held: true, wait: 7000 }],
    [
      'a limit of two minutes',
      refusal(429, {}, { 'retry-after': '120' }),
      { again: true, held: true, wait: 120_000 },
    ],
    [
      'a limit of more',
      refusal(429, {}, { 'retry-after': '121' }),
      { again: false, held: false, wait: 121_000 },
    ],
    [
      'a limit without a time',
      refusal(403, { message: 'rate limit' }),
      { again: true, held: true, wait: 60_000 },
    ],
    ['a busy server', refusal(503, {}, { 'retry-after': '5' }), { again: true, held: false, wait: 5000 }],
    [
      'a server that is busy for long',
      refusal(503, {}, { 'retry-after': '999' }),
      { again: false, held: false, wait: 999_000 },
    ],
    ['a broken server', refusal(502, {}, { 'retry-after': '5' }), { again: true, held: false, wait: 0 }],
    ['missing rights', refusal(403, {}), { again: false, held: false, wait: 0 }],
    ['a fault of ours', refusal(422, {}), { again: false, held: false, wait: 0 }],
  ])('for %s is waited for, and asked again where that may help', (_, answered, { again, held, wait }) => {
    const one = answered();
    const error = refusalError('x', 'org/site', one);
    expect([mayRetry(error), wasHeldBack(error), waitOf(error)]).toEqual([again, held, wait]);
  });

  it('that is none, but a fault of the network, may be asked again without a wait', () => {
    const error = networkError('x', 'h', Object.assign(new Error('x'), { code: 'ECONNRESET' }));
    expect([mayRetry(error), wasHeldBack(error), waitOf(error)]).toEqual([true, false, 0]);
    expect([mayRetry(new Error('x')), wasHeldBack('x'), waitOf(undefined)]).toEqual([false, false, 0]);
  });

  it.each<[string, boolean, Answered]>([
    ['a token that may not tag', true, refusal(403, { message: 'Resource not accessible by integration' })],
    [
      'a rule of the repository',
      true,
      refusal(422, { errors: [{ field: 'pre_receive', message: 'pre_receive Repository rule' }] }),
    ],
    [
      'a tag that is none yet',
      true,
      refusal(422, { errors: [{ message: 'Published releases must have a valid tag' }] }),
    ],
    ['something else', false, refusal(422, { message: 'Validation Failed' })],
    ['a limit', false, refusal(403, { message: 'You have exceeded a secondary rate limit' })],
    [
      'an immutable release that had the tag',
      false,
      refusal(422, {
        errors: [
          { message: 'tag_name was used by an immutable release' },
          { message: 'must have a valid tag' },
        ],
      }),
    ],
    ['a broken server', false, refusal(500, { message: 'pre_receive' })],
    ['a dead token', false, refusal(401, {})],
  ])('of a publishing for %s forbids the tag: %s', (_, forbids, answered) => {
    const one = answered();
    expect(forbidsTag(refusalError('x', 'org/site', one))).toBe(forbids);
    expect(forbidsTag(new Error('x'))).toBe(false);
  });

  it('of a proxy keeps the hint about that proxy', () => {
    const hint = 'Check HTTPS_PROXY';
    const error = networkErrorAt('org/site', new OciSaveError({ code: 'network', message: 'x', hint }));
    expect(error).toMatchObject({ message: 'org/site: x', hint });
  });

  it('without a response names the network’s code, once and without an address', () => {
    const cause = Object.assign(new Error('connect http://me:pw@proxy'), { code: 'ECONNREFUSED' });
    const error = networkErrorAt('org/site', networkError('x cannot be done', 'api.github.com', cause));
    expect(causeTexts(error)).toEqual([
      'org/site: x cannot be done: api.github.com refuses the connection (ECONNREFUSED)',
    ]);
    expect(error).toMatchObject({ code: 'network', hint: expect.stringMatching(/^Run it again/) });
  });

  it('over a connection that is not trusted says where the certificate is named, and no option that is of no use', () => {
    const cause = Object.assign(new Error('x'), { code: 'SELF_SIGNED_CERT_IN_CHAIN' });
    const error = networkErrorAt('org/site', networkError('x cannot be done', 'ghe.example.org', cause));
    expect(error).toMatchObject({
      message: expect.stringContaining('has a certificate that is not accepted'),
      hint: expect.stringMatching(/NODE_EXTRA_CA_CERTS(?!.*insecure)/),
    });
  });

  it('leaves other errors as they are', () => {
    const others = [new Error('x'), 'x', refusalError('x', 'org/site', refusal(502, '')())];
    for (const other of others) expect(networkErrorAt('org/site', other)).toBe(other);
  });
});
