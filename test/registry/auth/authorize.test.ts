import type { ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { OciSaveError } from '../../../src/errors.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { OCI_INDEX } from '../../../src/oci/media-type.ts';
import type { Action } from '../../../src/registry/auth/refused-login.ts';
import type { Credentials, CredentialStore } from '../../../src/registry/index.ts';
import { jsonBytes } from '../../support/image.ts';
import {
  answerError,
  answerJson,
  answerManifest,
  startStub,
  type Stub,
  type StubRequest,
} from '../../support/registry-stub.ts';
import { always, basicOf, clientOf, failureOf, repositoryAt } from '../support.ts';

const index = { mediaType: OCI_INDEX, bytes: jsonBytes({ schemaVersion: 2, manifests: [] }) };
const user = { username: String.raw`robot$a+b`, password: 'p:a s"s' };
const basic = basicOf(user.username, user.password);

interface TokenServiceOptions {
  /** Answers the nth token request; a token is given where it does nothing. */
  readonly token?: (request: StubRequest, response: ServerResponse, nth: number) => boolean;
  /** Which tokens open a path; all by default. */
  readonly accepts?: (token: string, request: StubRequest) => boolean;
  readonly challenge?: (realm: string, request: StubRequest) => string | string[];
}

/**
 * A registry with a token service at `/token`. Tokens are `t1`, `t2`, … in the order in which they were
 * given.
 */
async function startBearer({
  token,
  accepts = () => true,
  challenge,
}: TokenServiceOptions = {}): Promise<Stub> {
  let given = 0;
  const stub = await startStub((request, response) => {
    if (request.path === '/token') {
      given += 1;
      if (token?.(request, response, given)) return;
      return answerJson(response, 200, { token: `t${given}`, expires_in: 300 });
    }
    const sent = /^Bearer (.*)$/.exec(request.headers.authorization ?? '')?.[1];
    if (sent !== undefined && accepts(sent, request)) return answerManifest(request, response, index);
    const realm = `${stub.url}/token`;
    const [, name = ''] = /^\/v2\/(.*)\/(?:manifests|blobs)\//.exec(request.path) ?? [];
    response.setHeader(
      'www-authenticate',
      challenge?.(realm, request) ?? `Bearer realm="${realm}",service="reg",scope="repository:${name}:pull"`,
    );
    return answerError(response, 401, 'UNAUTHORIZED', `authentication required`);
  });
  return stub;
}

const tokenRequests = (stub: Stub): StubRequest[] => stub.requests.filter(({ path }) => path === '/token');
const asked = (stub: Stub): StubRequest[] => stub.requests.filter(({ path }) => path !== '/token');

describe('T2: Basic', () => {
  const startBasic = (accepted: () => string): Promise<Stub> =>
    startStub((request, response) => {
      if (request.headers.authorization === accepted()) return answerManifest(request, response, index);
      response.setHeader('www-authenticate', 'Basic realm="r"');
      return answerError(response, 401, 'UNAUTHORIZED', `you sent ${request.headers.authorization}`);
    });

  it('pays the refusal once a host, in a burst too, and sends credentials with HEAD', async () => {
    await using stub = await startBasic(() => basic);
    using client = clientOf([stub], { credentials: always(user) });
    await Promise.all(
      Array.from({ length: 10 }, (_, nth) => client.headManifest(repositoryAt(stub, `a/${nth}`), '1')),
    );
    await client.getManifest(repositoryAt(stub, 'other'), '1');
    expect(stub.requests.filter(({ headers }) => headers.authorization === undefined)).toHaveLength(1);
    expect(stub.requests).toHaveLength(12);
  });

  it('is final where the password is refused, and shows no secret that the registry echoes', async () => {
    await using stub = await startBasic(() => 'another');
    using client = clientOf([stub], { credentials: always(user) });
    const error = await failureOf(client.getManifest(repositoryAt(stub), '1'));
    expect(error.code).toBe('denied');
    expect(error.message).toContain('credentials were sent and refused');
    expect(error.message).toContain('you sent Basic ***');
    expect(JSON.stringify([error.message, error.hint, error.cause])).not.toContain(basic.slice(6));
    expect(stub.requests).toHaveLength(2);
  });

  it('says that there are no credentials where there are none', async () => {
    await using stub = await startBasic(() => basic);
    using client = clientOf([stub]);
    const error = await failureOf(client.getManifest(repositoryAt(stub), '1'));
    expect(error.code).toBe('denied');
    expect(error.message).toContain('no credentials were sent');
    expect(stub.requests).toHaveLength(1);
  });

  it.each<[Action, number]>([
    ['pull', 401],
    ['pull', 403],
    ['push', 401],
  ])(
    'T10: tells that a token service refuses an anonymous %s with %i, and for which host to log in',
    async (action, status) => {
      await using service = await startStub((_, response) => answerError(response, status, 'DENIED', 'no'));
      await using stub = await startBearer({
        challenge: () => `Bearer realm="${service.url}/token",service="reg"`,
      });
      using client = clientOf([stub, service]);
      const repository = repositoryAt(stub);
      const error = await failureOf(
        action === 'push' ? client.beginUpload(repository) : client.getManifest(repository, '1'),
      );
      expect([error.code, error.message]).toEqual([
        'denied',
        `${stub.host}/team/app: token for ${stub.host}: ${service.host} answered ${status} (DENIED: no); this token service refuses an anonymous ${action}`,
      ]);
      expect(error.hint).toContain(`docker login ${stub.host}`);
    },
  );

  it('asks for fresh credentials once when they are refused in mid-run', async () => {
    let accepted = 'p1';
    await using stub = await startBasic(() => basicOf('u', accepted));
    const calls: boolean[] = [];
    const credentials: CredentialStore = {
      find: (_, { fresh = false } = {}) => {
        calls.push(fresh);
        return Promise.resolve({ username: 'u', password: fresh ? 'p2' : 'p1' });
      },
    };
    using client = clientOf([stub], { credentials });
    await client.getManifest(repositoryAt(stub), '1');
    accepted = 'p2';
    await client.getManifest(repositoryAt(stub), '1');
    // The others are answered from memory.
    expect(calls.filter((fresh) => fresh)).toHaveLength(1);
    expect(calls.at(-1)).toBe(true);
  });

  it.each([
    ['two lines', ['Negotiate', 'Basic realm="r"']],
    ['a comma list', ['NTLM, Basic realm="r"']],
  ])('is found among unknown schemes in %s', async (_, challenge) => {
    await using stub = await startStub((request, response) => {
      if (request.headers.authorization === basic) return answerManifest(request, response, index);
      return void response.writeHead(401, { 'www-authenticate': challenge }).end();
    });
    using client = clientOf([stub], { credentials: always(user) });
    await client.getManifest(repositoryAt(stub), '1');
    expect(stub.requests).toHaveLength(2);
  });

  it.each([
    ['an unknown scheme', { 'www-authenticate': 'Negotiate' }],
    ['no scheme', {}],
  ])('is sent to nobody who asks for %s', async (_, headers) => {
    await using stub = await startStub((_, response) => void response.writeHead(401, headers).end());
    using client = clientOf([stub], { credentials: always(user) });
    expect((await failureOf(client.getManifest(repositoryAt(stub), '1'))).code).toBe('denied');
    expect(stub.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });
});

describe('a refused login', () => {
  const from = { words: "auths 'r.example' in /h/config.json" };

  it('case B12: that worked before says until when, with its file and key', async () => {
    let accepted = basic;
    await using stub = await startStub((request, response) => {
      if (request.headers.authorization === accepted) return answerManifest(request, response, index);
      response.setHeader('www-authenticate', 'Basic realm="r"');
      return answerError(response, 401, 'UNAUTHORIZED', 'no');
    });
    using client = clientOf([stub], { credentials: always({ ...user, from }) });
    await client.getManifest(repositoryAt(stub), '1');
    accepted = 'another';
    const error = await failureOf(client.getManifest(repositoryAt(stub, 'other'), '1'));
    expect(error.message).toMatch(
      /credentials were sent and refused \(auths 'r\.example' in \/h\/config\.json; worked until \d\d:\d\d UTC\)$/,
    );
    expect(error.hint).toContain('may have ended');
  });

  it('case B12: that a token service refuses after a while says so, too', async () => {
    await using stub = await startBearer({
      token: (_, response, nth) => nth > 1 && (answerJson(response, 401, { details: 'no' }), true),
    });
    using client = clientOf([stub], { credentials: always({ ...user, from }) });
    await client.getManifest(repositoryAt(stub, 'a'), '1');
    const error = await failureOf(client.getManifest(repositoryAt(stub, 'b'), '1'));
    expect(error.message).toMatch(/token for .*config\.json; worked until \d\d:\d\d UTC\)$/);
  });

  it('is not said to have worked for a repository that it may not read, nor where it never did', async () => {
    await using stub = await startBearer({ accepts: (_, { path }) => path.includes('/a/') });
    using client = clientOf([stub], { credentials: always({ ...user, from }) });
    await client.getManifest(repositoryAt(stub, 'a'), '1');
    const error = await failureOf(client.getManifest(repositoryAt(stub, 'b'), '1'));
    expect(error.message).toMatch(/refused \(auths 'r\.example' in \/h\/config\.json\)$/);
    await using never = await startStub((_, response) => {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end();
    });
    using other = clientOf([never], { credentials: always({ ...user, from }) });
    const message = (await failureOf(other.getManifest(repositoryAt(never), '1'))).message;
    expect(message).toMatch(/refused \(auths 'r\.example' in \/h\/config\.json\)$/);
  });

  it('T10: that blocks a public image is told, and nothing is asked for without it', async () => {
    await using stub = await startStub((request, response) => {
      if (request.headers.authorization === undefined && request.query.has('public'))
        return answerManifest(request, response, index);
      response.setHeader('www-authenticate', 'Basic realm="r"');
      return answerError(response, 401, 'UNAUTHORIZED', 'no');
    });
    using client = clientOf([stub], { credentials: always({ ...user, from }) });
    await failureOf(client.getManifest(repositoryAt(stub), '1'));
    const error = await failureOf(client.getManifest(repositoryAt(stub), '2'));
    expect(error.hint).toContain('Stale credentials block public images, too');
    // The first one alone was anonymous, before the registry had asked for anything.
    expect(stub.requests.map(({ headers }) => headers.authorization)).toEqual([undefined, basic, basic]);
  });
});

describe('found J1: a registry that refuses every token in its first moments', () => {
  it('is asked with the one fresh token after a short wait', async () => {
    const given = new Map<string, number>();
    await using stub = await startBearer({
      token(_, response, nth) {
        given.set(`t${nth}`, Date.now());
        answerJson(response, 200, { token: `t${nth}`, expires_in: 300 });
        return true;
      },
      // The first is refused always: how soon it comes depends on the machine.
      accepts: (token) => token !== 't1' && Date.now() - (given.get(token) ?? Infinity) >= 40,
    });
    using client = clientOf([stub], { credentials: always(user), settleMilliseconds: 50 });
    await Promise.all(['1', '2', '3'].map((tag) => client.getManifest(repositoryAt(stub), tag)));
    expect(tokenRequests(stub)).toHaveLength(2);
  });

  it('is not waited for where it says that the token is not enough', async () => {
    await using stub = await startBearer({
      accepts: () => false,
      challenge: (realm) => `Bearer realm="${realm}",error="insufficient_scope"`,
    });
    // A wait of an hour would end the test.
    using client = clientOf([stub], { credentials: always(user), settleMilliseconds: 3_600_000 });
    expect((await failureOf(client.getManifest(repositoryAt(stub), '1'))).code).toBe('denied');
  });
});

describe('a helper whose password ends', () => {
  it.each([
    ['Basic', false],
    ['Bearer', true],
  ])('T8: is asked once more for a burst of refusals, by %s', async (_, isBearer) => {
    let current = 'p1';
    const mayRead = (header: string | undefined): boolean => header === basicOf('u', current);
    await using bearer = await startBearer({
      token: (request, response) =>
        !mayRead(request.headers.authorization) && (answerJson(response, 401, { details: 'no' }), true),
    });
    await using plain = await startStub((request, response) => {
      if (mayRead(request.headers.authorization)) return answerManifest(request, response, index);
      response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end();
    });
    const stub = isBearer ? bearer : plain;
    let known = 'p1';
    let calls = 0;
    const credentials: CredentialStore = {
      find(_repository, { fresh = false } = {}) {
        if (fresh) [known, calls] = [current, calls + 1];
        return Promise.resolve({ username: 'u', password: known });
      },
    };
    using client = clientOf([stub], { credentials });
    await client.getManifest(repositoryAt(stub, 'first'), '1');
    current = 'p2';
    // One after the other as well: the later ones find what the first one has learned.
    const names = Array.from({ length: 12 }, (_, nth) => `app-${nth}`);
    await Promise.all(names.map((name) => client.getManifest(repositoryAt(stub, name), '1')));
    await client.getManifest(repositoryAt(stub, 'last'), '1');
    expect(calls).toBe(1);
  });
});

describe('T2: Bearer', () => {
  it('asks for a token once a repository, and for the challenge once a host', async () => {
    await using stub = await startBearer();
    using client = clientOf([stub], { credentials: always(user) });
    const all = ['a', 'b', 'c'].flatMap((path) =>
      ['1', '2', '3'].map((tag) => client.getManifest(repositoryAt(stub, path), tag)),
    );
    await Promise.all(all);
    await client.headManifest(repositoryAt(stub, 'a'), '4');
    expect(asked(stub).filter(({ headers }) => headers.authorization === undefined)).toHaveLength(1);
    expect(asked(stub)).toHaveLength(11);
    expect(
      tokenRequests(stub)
        .map(({ query }) => query.get('scope') ?? '')
        .toSorted((a, b) => a.localeCompare(b)),
    ).toEqual(['repository:a:pull', 'repository:b:pull', 'repository:c:pull']);
    for (const { query, headers, method } of tokenRequests(stub)) {
      expect([method, query.get('service'), headers.authorization]).toEqual(['GET', 'reg', basic]);
    }
  });

  it('asks anonymously without credentials', async () => {
    await using stub = await startBearer();
    using client = clientOf([stub]);
    await client.getManifest(repositoryAt(stub), '1');
    expect(tokenRequests(stub).map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });

  it('exchanges an identity token by POST', async () => {
    await using stub = await startBearer();
    using client = clientOf([stub], { credentials: always({ identityToken: 'id+/=token' }) });
    await client.getManifest(repositoryAt(stub), '1');
    const [request] = tokenRequests(stub);
    expect(request?.method).toBe('POST');
    expect(request?.headers.authorization).toBeUndefined();
    expect(Object.fromEntries(new URLSearchParams(request?.body))).toEqual({
      grant_type: 'refresh_token',
      refresh_token: 'id+/=token',
      client_id: 'oci-save',
      service: 'reg',
      scope: 'repository:team/app:pull',
    });
  });

  it.each([
    ['token', { token: 'x' }],
    ['access_token', { access_token: 'x' }],
    ['both', { token: 'x', access_token: 'y' }],
    ['an empty token', { token: '', access_token: 'x' }],
  ])('reads %s', async (_, body) => {
    await using stub = await startBearer({
      token: (_, response) => (answerJson(response, 200, body), true),
      accepts: (token) => token === 'x',
    });
    using client = clientOf([stub]);
    await client.getManifest(repositoryAt(stub), '1');
    await client.getManifest(repositoryAt(stub), '2');
    expect(tokenRequests(stub)).toHaveLength(1);
  });

  it('N4: renews a token that has no life left, before it is refused', async () => {
    await using stub = await startBearer({
      token: (_, response, nth) => (answerJson(response, 200, { token: `t${nth}`, expires_in: 0 }), true),
    });
    using client = clientOf([stub]);
    for (const tag of ['1', '2', '3']) await client.getManifest(repositoryAt(stub), tag);
    expect(tokenRequests(stub)).toHaveLength(3);
    expect(asked(stub)).toHaveLength(4);
  });

  it('N4: fetches one fresh token when one is refused in mid-run', async () => {
    let accepted = 't1';
    await using stub = await startBearer({ accepts: (token) => token === accepted });
    using client = clientOf([stub]);
    await client.getManifest(repositoryAt(stub), '1');
    accepted = 't2';
    await Promise.all(['2', '3', '4'].map((tag) => client.getManifest(repositoryAt(stub), tag)));
    expect(tokenRequests(stub)).toHaveLength(2);
  });

  it('N4: never loops where no token is taken', async () => {
    await using stub = await startBearer({ accepts: () => false });
    using client = clientOf([stub], { credentials: always(user) });
    const error = await failureOf(client.getManifest(repositoryAt(stub), '1'));
    expect(error.code).toBe('denied');
    expect(error.message).toContain('credentials were sent and refused');
    expect(tokenRequests(stub)).toHaveLength(2);
    expect(asked(stub)).toHaveLength(3);
  });

  it('uses the scope of the challenge where the usual one is refused', async () => {
    await using stub = await startBearer({
      token: (request, response) => {
        answerJson(response, 200, { token: request.query.getAll('scope').join('+') });
        return true;
      },
      accepts: (token) => token === 'x:y+z',
      challenge: (realm) => `Bearer realm="${realm}",scope="x:y z"`,
    });
    using client = clientOf([stub]);
    await client.getManifest(repositoryAt(stub, 'a'), '1');
    await client.getManifest(repositoryAt(stub, 'b'), '1');
    expect(tokenRequests(stub)[0]?.query.has('service')).toBe(false);
  });

  it('N4, case B9: is preferred to Basic in one comma line, without leaking parameters', async () => {
    await using stub = await startBearer({
      challenge: (realm) => `Basic realm="r", Bearer realm="${realm}",service="s"`,
    });
    using client = clientOf([stub], { credentials: always(user) });
    await client.getManifest(repositoryAt(stub), '1');
    expect(asked(stub).map(({ headers }) => headers.authorization)).toEqual([undefined, 'Bearer t1']);
  });

  it.each([503, 500, 429])('case A6: retries the token request after %s', async (status) => {
    await using stub = await startBearer({
      token: (_, response, nth) => nth <= 2 && (response.writeHead(status).end(), true),
    });
    using client = clientOf([stub]);
    await client.getManifest(repositoryAt(stub), '1');
    expect(tokenRequests(stub)).toHaveLength(3);
    expect(asked(stub)).toHaveLength(2);
  });

  it('retries the token request for a blob, too', async () => {
    await using stub = await startBearer({
      token: (_, response, nth) => nth <= 2 && (response.destroy(), true),
    });
    using client = clientOf([stub]);
    const blob = { digest: digestOf(index.bytes), size: index.bytes.length };
    expect(await buffer((await client.getBlob(repositoryAt(stub), blob)).body)).toHaveLength(blob.size);
  });

  it('does not multiply the retries of a token service that is away', async () => {
    await using stub = await startBearer({ token: (_, response) => (response.writeHead(502).end(), true) });
    using client = clientOf([stub], { retries: 2 });
    const error = await failureOf(client.getManifest(repositoryAt(stub), '1'));
    expect(error.code).toBe('network');
    expect(error.message).toContain('token');
    expect(tokenRequests(stub)).toHaveLength(3);
    expect(asked(stub)).toHaveLength(1);
  });

  it('says that credentials were refused, never tries without them, and shows no secret', async () => {
    await using stub = await startBearer({
      token: (request, response) => {
        answerJson(response, 401, { details: `wrong: ${request.headers.authorization} ${user.password}` });
        return true;
      },
    });
    using client = clientOf([stub], { credentials: always(user) });
    const error = await failureOf(client.getManifest(repositoryAt(stub), '1'));
    expect(error.code).toBe('denied');
    expect(error.message).toContain('credentials were sent and refused');
    expect(error.message).toContain('wrong: Basic *** ***');
    expect(error.hint).toContain('docker logout');
    expect(tokenRequests(stub)).toHaveLength(1);
    expect(JSON.stringify(error.cause)).not.toContain(basic.slice(6));
  });

  it('asks a helper again when the token service refuses what it said', async () => {
    const answers: Credentials[] = [
      { username: 'u', password: 'old' },
      { username: 'u', password: 'new' },
    ];
    let current = 0;
    const credentials: CredentialStore = {
      find: (_, { fresh = false } = {}) => Promise.resolve(answers[fresh ? (current = 1) : current]),
    };
    await using stub = await startBearer({
      token: (request, response) =>
        request.headers.authorization !== basicOf('u', 'new') && (response.writeHead(401).end(), true),
    });
    using client = clientOf([stub], { credentials });
    await client.getManifest(repositoryAt(stub), '1');
    expect(tokenRequests(stub)).toHaveLength(2);
  });

  it.each([
    ['no JSON', (response: ServerResponse) => void response.end('SECRET')],
    ['no token', (response: ServerResponse) => answerJson(response, 200, { expires_in: 5 })],
    [
      'a token with a line break',
      (response: ServerResponse) => answerJson(response, 200, { token: 'SECRET\r\nx: y' }),
    ],
    [
      'more than a megabyte',
      (response: ServerResponse) => void response.end(`{"token":"${'S'.repeat(1_100_000)}"}`),
    ],
  ])('refuses an answer with %s, and does not show it', async (_, answer) => {
    await using stub = await startBearer({ token: (_, response) => (answer(response), true) });
    using client = clientOf([stub]);
    const error = await failureOf(client.getManifest(repositoryAt(stub), '1'));
    expect(error.code).toBe('unsupported');
    expect(error.message).toMatch(
      /token for .* answered (what is not JSON|without a usable|more than 1 MiB)/,
    );
    expect(JSON.stringify([error.message, error.cause])).not.toMatch(/SECRET|SSSS/);
    expect(tokenRequests(stub)).toHaveLength(1);
  });

  it('that is refused names the repository, since several images may wait for it', async () => {
    await using stub = await startBearer({
      token: (_, response) => (answerError(response, 403, 'DENIED', 'no'), true),
    });
    using client = clientOf([stub]);
    const failures = await Promise.all(
      ['1', '2'].map((tag) => failureOf(client.getManifest(repositoryAt(stub, 'team/app'), tag))),
    );
    for (const { message } of failures)
      expect(message).toMatch(new RegExp(`^${stub.host}/team/app: token for ${stub.host}: `));
  });

  it('is never shared by two users of one host, even where its scope is the same', async () => {
    await using stub = await startBearer({
      challenge: (realm) => `Bearer realm="${realm}",scope="same"`,
      token: ({ headers, query }, response) => {
        answerJson(response, 200, { token: `${headers.authorization?.slice(6)}:${query.get('scope')}` });
        return true;
      },
      accepts: (token, { path }) => token === `${basicOf(path.slice(4, 5), 'p').slice(6)}:same`,
    });
    const credentials: CredentialStore = {
      find: ({ path }) => Promise.resolve({ username: path, password: 'p' }),
    };
    using client = clientOf([stub], { credentials });
    for (const path of ['a', 'b', 'a', 'b']) {
      expect((await client.getManifest(repositoryAt(stub, path), '1')).digest).toBe(digestOf(index.bytes));
    }
    const sent = (path: string): string[] =>
      asked(stub).flatMap((request) =>
        request.path.startsWith(`/v2/${path}/`) ? (request.headers.authorization ?? []) : [],
      );
    expect(sent('b').every((header) => header.includes(basicOf('b', 'p').slice(6)))).toBe(true);
    expect(sent('a').every((header) => header.includes(basicOf('a', 'p').slice(6)))).toBe(true);
  });

  it('leaves a shared token request to the others when one request is aborted', async () => {
    const begun = Promise.withResolvers<ServerResponse>();
    await using stub = await startBearer({ token: (_, response) => (begun.resolve(response), true) });
    using client = clientOf([stub]);
    const controller = new AbortController();
    const first = failureOf(client.getManifest(repositoryAt(stub), '1', controller.signal));
    // With a signal as well, so that the first one stays ahead.
    const second = client.getManifest(repositoryAt(stub), '2', new AbortController().signal);
    const response = await begun.promise;
    const reason = new OciSaveError({ code: 'interrupted', message: 'enough' });
    controller.abort(reason);
    expect(await first).toBe(reason);
    answerJson(response, 200, { token: 't' });
    expect((await second).digest).toBe(digestOf(index.bytes));
    expect(tokenRequests(stub)).toHaveLength(1);
  });
});
