import { describe, expect, it } from 'vitest';
import type { OciSaveError } from '../../src/errors.ts';
import { isTemporary } from '../../src/http/index.ts';
import {
  isQuota,
  lacksRoom,
  parseDiagnostics,
  parseErrorBody,
  refusalError,
} from '../../src/registry/error.ts';
import { asFlag, spellHint } from '../../src/text/hint.ts';
import { loginHint, type Sent } from '../../src/registry/auth/refused-login.ts';

const refusal = (status: number, words = '', codes: string[] = [], retryAfter?: number) => ({
  host: 'r.example',
  status,
  words,
  codes,
  retryAfter,
});

describe('refusalError', () => {
  it.each([
    [404, [], 'not-found', false],
    [410, [], 'not-found', false],
    [400, ['MANIFEST_UNKNOWN'], 'not-found', false],
    [403, ['NAME_UNKNOWN'], 'not-found', false],
    [401, [], 'denied', false],
    [403, ['DENIED'], 'denied', false],
    [412, ['PROJECTPOLICYVIOLATION'], 'denied', false],
    [400, [], 'unsupported', false],
    [501, [], 'unsupported', false],
    [408, [], 'network', true],
    [429, [], 'network', true],
    [500, [], 'network', true],
    [503, ['UNKNOWN'], 'network', true],
    [500, ['MANIFEST_UNKNOWN'], 'network', true],
  ] as const)('%s %j is %s', (status, codes, code, temporary) => {
    const error = refusalError('r.example/a:1', refusal(status, 'WORDS', [...codes]), 'nothing');
    expect(error.code).toBe(code);
    expect(isTemporary(error)).toBe(temporary);
    expect(error.message).toContain(`r.example/a:1: r.example answered ${status} (WORDS)`);
  });

  it.each([
    [500, { DriverName: 'filesystem', Enclosed: { Op: 'mkdir', Path: '/var/lib/registry/x', Err: 28 } }],
    [500, { DriverName: 'filesystem', Enclosed: { Op: 'write', Path: '/x', Err: 122 } }],
    [503, 'write /data/upload: no space left on device'],
  ])(
    'takes a full disk of the registry (%i, %j) for want of room, which no retry helps',
    (status, detail) => {
      const body = JSON.stringify({ errors: [{ code: 'UNKNOWN', message: 'unknown error', detail }] });
      const { codes = [], words = '' } = parseErrorBody(body) ?? {};
      expect(words).toBe('UNKNOWN: unknown error, its disk is full');
      const error = refusalError('r.example/a:1', refusal(status, words, [...codes]), 'nothing', 'push');
      expect([error.code, isTemporary(error), lacksRoom(error)]).toEqual(['quota', false, true]);
      expect(error.hint).toMatch(/^Delete there what is not needed/);
    },
  );

  it('takes another fault of its storage for one that may pass', () => {
    const detail = { DriverName: 'filesystem', Enclosed: { Op: 'mkdir', Err: 5 } };
    const body = JSON.stringify({ errors: [{ code: 'UNKNOWN', message: 'unknown error', detail }] });
    const { codes = [], words = '' } = parseErrorBody(body) ?? {};
    expect(refusalError('r.example/a:1', refusal(500, words, [...codes]), 'nothing').code).toBe('network');
  });

  it('takes Harbor’s read-only mode for no fault of the login', () => {
    const words = 'DENIED: The system is in read only mode. Any modification is prohibited.';
    const error = refusalError('r.example/a:1', refusal(403, words, ['DENIED']), {}, 'push');
    expect(error.code).toBe('denied');
    expect(error.hint).toMatch(/^No login changes that: have its read-only mode ended/);
    expect(error.message).not.toContain('credentials were');
    const token = refusalError('r.example/a:1', refusal(403, 'DENIED: your token is read-only'), {}, 'push');
    expect(token.hint).toMatch(/^That user may not push there/);
  });

  it('says whether credentials were sent, and what to do', () => {
    const denied = (sent: Sent): OciSaveError => refusalError('r.example/a:1', refusal(401), sent);
    expect(denied('nothing').message).toMatch(/no credentials were sent$/);
    expect(denied('nothing').hint).toContain('docker login r.example');
    expect(denied({}).message).toMatch(/credentials were sent and refused$/);
    expect(denied({}).hint).toContain('docker logout r.example');
    expect(denied('elsewhere').hint).not.toContain('login');
  });

  it('case E3: names the file and the key, and says what to do there', () => {
    const file = { words: "auths 'r.example' in /h/config.json" };
    const inFile = refusalError('r.example/a:1', refusal(403), { from: file });
    expect(inFile.message).toMatch(
      /credentials were sent and refused \(auths 'r\.example' in \/h\/config\.json\)$/,
    );
    const option = { words: "line 2 of credentials, for 'r.example'", option: 'credentials' };
    const inOption = refusalError('r.example/a:1', refusal(401), { from: option });
    expect(inOption.message).toMatch(/ \(line 2 of credentials, for 'r\.example'\)$/);
    expect(inOption.hint).toContain('Correct user and password in --credentials');
    const push = refusalError('r.example/a:1', refusal(403), { from: option }, 'push');
    expect(push.hint).toContain('name another one in --credentials');
  });

  it('case B12: says until when they worked', () => {
    const workedUntil = new Date('2026-02-03T14:05:59Z');
    const file = { words: "auths 'r.example' in /h/config.json" };
    const error = refusalError('r.example/a:1', refusal(401), { from: file, workedUntil });
    expect(error.message).toMatch(/config\.json; worked until 14:05 UTC\)$/);
    expect(error.hint).toContain('may have ended');
    expect(refusalError('r.example/a:1', refusal(401), { workedUntil }).message).toMatch(
      /refused \(worked until 14:05 UTC\)$/,
    );
  });

  it('case E2: knows what ghcr.io wants of a workflow', () => {
    expect(loginHint('ghcr.io', 'nothing')).toContain('packages: read');
    expect(loginHint('ghcr.io', {})).toMatch(/packages: read.*docker logout ghcr\.io/s);
    expect(loginHint('ghcr.io', {}, 'push')).toMatch(/packages: write.*write access/s);
    expect(loginHint('not-ghcr.io', 'nothing')).not.toContain('packages: read');
    expect(spellHint(loginHint('registry-1.docker.io', 'nothing'), asFlag)).toMatch(
      /docker login\. With --verbose, it says where/,
    );
  });
});

describe('found C1: a refusal for what a registry holds already', () => {
  it.each([
    [
      403,
      'DENIED: adding 151.7 MiB of storage resource, which when updated to current usage of 100.0 GiB will exceed the configured upper limit of 100.0 GiB.',
      'quota',
    ],
    [403, 'DENIED: Quota has been exceeded on namespace', 'quota'],
    [403, 'DENIED: registry contains 1 repositories, limit is 1', 'quota'],
    [403, 'DENIED: You have exceeded your storage quota.', 'quota'],
    [403, "The repository 'x' already has the maximum allowed number of images which is '1000'", 'quota'],
    [413, 'Datastore disk usage is too high. Contact your Artifactory administrator', 'quota'],
    [507, '', 'quota'],
    [403, 'DENIED: requested access to the resource is denied', 'denied'],
    [403, 'UNAUTHORIZED: storage.buckets.get is missing', 'denied'],
    [413, 'a web page', 'unsupported'],
    [
      413,
      'the request body is too large and exceeds the maximum permissible limit of 4.00MiB',
      'unsupported',
    ],
    [404, 'MANIFEST_UNKNOWN: no quota is exceeded', 'not-found'],
  ] as const)('%s %j is %s', (status, words, code) => {
    const codes = words.startsWith('MANIFEST_UNKNOWN') ? ['MANIFEST_UNKNOWN'] : ['DENIED'];
    const error = refusalError('r.example/a:1', refusal(status, words, codes), {}, 'push');
    expect(error.code).toBe(code);
    expect(error.message).toContain(words);
    expect(isTemporary(error)).toBe(false);
    if (code === 'quota') expect(error.hint).not.toContain('docker login');
  });
});

describe('found C1: zot’s refusal of one repository too many', () => {
  // As zot 2.1.20 answers (measured), and as later ones do (project-zot/zot, pkg/api/quota.go).
  it.each([
    [429, { description: 'When a user or users has sent too many requests', limit: '1' }],
    [413, { current: '7', projected: '8', limit: '7' }],
  ])('by %i is a quota, for this request alone, with its figure', (status, detail) => {
    const body = JSON.stringify({
      errors: [{ code: 'TOOMANYREQUESTS', message: 'too many requests', detail }],
    });
    const parsed = parseErrorBody(body) ?? { codes: [], words: '' };
    const error = refusalError(
      'r.example/a:1',
      refusal(status, parsed.words, [...parsed.codes]),
      'nothing',
      'push',
    );
    expect(error.code).toBe('quota');
    expect(isTemporary(error)).toBe(false);
    expect(lacksRoom(error)).toBe(false);
    expect(error.message).toContain(`its limit is ${detail.limit}`);
    expect(error.hint).toContain('maxRepos');
  });
});

describe('isQuota', () => {
  it.each([
    ['hours to wait', refusal(429, '', [], 21_600_000), true],
    ['a minute to wait', refusal(429, 'You have reached your pull rate limit', [], 60_000), false],
    [
      'words about a limit',
      refusal(429, 'TOOMANYREQUESTS: You have reached your unauthenticated pull rate limit'),
      true,
    ],
    ['words about a quota', refusal(429, 'Quota exceeded'), true],
    ['a limit per minute', refusal(429, 'retry later, allowed: 44000/minute limit'), false],
    ['a quota per second', refusal(429, 'quota of requests per second exceeded'), false],
    ['no word of a limit', refusal(429, 'TOOMANYREQUESTS: Rate exceeded'), false],
  ])('of %s is %s', (_, answer, quota) => {
    expect(isQuota(answer)).toBe(quota);
  });
});

describe('parseDiagnostics', () => {
  it.each([
    [
      'the specification',
      '{"errors":[{"code":"DENIED","message":"no","detail":{}}]}',
      [{ code: 'DENIED', message: 'no' }],
    ],
    [
      'missing fields',
      '{"errors":[{"code":5},{"message":"m"}]}',
      [
        { code: '', message: '' },
        { code: '', message: 'm' },
      ],
    ],
    [
      'OAuth2',
      '{"error":"invalid_grant","error_description":"gone"}',
      [{ code: 'invalid_grant', message: 'gone' }],
    ],
    [
      'Docker Hub',
      '{"details":"incorrect username or password"}',
      [{ code: '', message: 'incorrect username or password' }],
    ],
    ['another object', '{"x":1}', []],
    ['a page', '<html>', []],
    ['an array', '[]', []],
  ])('reads %s', (_, text, expected) => {
    expect(parseDiagnostics(text)).toEqual(expected);
  });
});
