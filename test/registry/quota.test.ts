import { describe, expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { OCI_INDEX } from '../../src/oci/media-type.ts';
import { createSources } from '../../src/registry/index.ts';
import { until } from '../support/deadline.ts';
import { jsonBytes } from '../support/image.ts';
import { answerError, answerManifest, startStub, type StubHandler } from '../support/registry-stub.ts';
import { clientOf, failureOf, repositoryAt } from './support.ts';

const index = { mediaType: OCI_INDEX, bytes: jsonBytes({ schemaVersion: 2, manifests: [] }) };
const blob = { digest: digestOf(index.bytes), size: index.bytes.length };

describe('a quota', () => {
  it.each([
    ['hours to wait', { 'retry-after': '21600' }, 'too many'],
    ['words about a limit', {}, 'You have reached your pull rate limit'],
  ])('told by %s is asked once a host, and is one cause for all', async (_, headers, words) => {
    await using stub = await startStub((_, response) =>
      answerError(response, 429, 'TOOMANYREQUESTS', words, headers),
    );
    await using other = await startStub((request, response) => answerManifest(request, response, index));
    using client = clientOf([stub, other], { sockets: 1 });
    const failures = await Promise.all(
      ['1', '2', '3', '4'].map((tag) => failureOf(client.getManifest(repositoryAt(stub), tag))),
    );
    failures.push(await failureOf(client.headManifest(repositoryAt(stub), '5')));
    failures.push(await failureOf(client.getBlob(repositoryAt(stub, 'b'), blob)));
    expect(new Set(failures).size).toBe(1);
    expect(failures[0]?.code).toBe('quota');
    expect(failures[0]?.message).toContain(words);
    expect(failures[0]?.hint).toContain('Log in');
    expect(stub.requests).toHaveLength(1);
    // Another host has a quota of its own.
    await client.getManifest(repositoryAt(other), '1');
  });

  it('case A1: that is used up costs one request of a burst over many connections', async () => {
    await using stub = await startStub((request, response) =>
      request.method === 'HEAD'
        ? answerManifest(request, response, index)
        : answerError(response, 429, 'TOOMANYREQUESTS', 'pull rate limit', { 'retry-after': '21600' }),
    );
    using client = clientOf([stub], { sockets: 32 });
    const tags = Array.from({ length: 40 }, (_, nth) => `t${nth}`);
    await Promise.all(tags.map((tag) => client.headManifest(repositoryAt(stub), tag)));
    const failures = await Promise.all(
      tags.map((tag) => failureOf(client.getManifest(repositoryAt(stub), tag))),
    );
    expect(new Set(failures).size).toBe(1);
    expect(stub.lines().filter((line) => line.startsWith('GET'))).toHaveLength(1);
  });

  it('case A1: that HEADs are refused for costs no more than are under way at once, and is one cause', async () => {
    await using stub = await startStub((_, response) => {
      response.writeHead(429, { 'retry-after': '21600' }).end();
    });
    using client = clientOf([stub], { sockets: 4 });
    const tags = Array.from({ length: 40 }, (_, nth) => `t${nth}`);
    const failures = await Promise.all(
      tags.map((tag) => failureOf(client.headManifest(repositoryAt(stub), tag))),
    );
    expect(new Set(failures).size).toBe(1);
    expect(failures[0]?.code).toBe('quota');
    expect(stub.requests.length).toBeLessThanOrEqual(4);
  });

  it('case A1: that counts no HEAD keeps none of them back: the first does not go alone', async () => {
    const waiting: (() => void)[] = [];
    await using stub = await startStub((request, response) => {
      // No HEAD is answered before all have come.
      waiting.push(() => answerManifest(request, response, index));
      if (waiting.length === 8) for (const answer of waiting) answer();
    });
    using client = clientOf([stub], { sockets: 8 });
    const tags = Array.from({ length: 8 }, (_, nth) => `t${nth}`);
    await Promise.all(tags.map((tag) => client.headManifest(repositoryAt(stub), tag)));
    expect(stub.requests).toHaveLength(8);
  });

  it('case A1: that ends while a burst is under way is one cause of all of it', async () => {
    await using stub = await startStub((request, response) =>
      request.path.endsWith('/first')
        ? answerManifest(request, response, index)
        : answerError(response, 429, 'TOOMANYREQUESTS', 'pull rate limit', { 'retry-after': '21600' }),
    );
    using client = clientOf([stub], { sockets: 8 });
    await client.getManifest(repositoryAt(stub), 'first');
    const tags = Array.from({ length: 8 }, (_, nth) => `t${nth}`);
    const failures = tags.map((tag) => failureOf(client.getManifest(repositoryAt(stub), tag)));
    expect(new Set(await Promise.all(failures)).size).toBe(1);
  });

  it('N10: that is left is told, by the last word of each host, and keeps a burst within it', async () => {
    let left = 3;
    let now = 0;
    let most = 0;
    await using stub = await startStub((request, response) => {
      most = Math.max(most, (now += 1));
      response.once('close', () => (now -= 1));
      const headers = { 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': `${left};w=21600` };
      if (left > 0) {
        left -= 1;
        answerManifest(request, response, index, headers);
      } else answerError(response, 429, 'TOOMANYREQUESTS', 'pull rate limit', headers);
    });
    await using silent = await startStub((request, response) =>
      answerManifest(request, response, index, { 'ratelimit-remaining': 'much' }),
    );
    using client = clientOf([stub, silent], { sockets: 16 });
    expect(client.quotasLeft()).toEqual([]);
    await client.headManifest(repositoryAt(silent), '1');
    await client.headManifest(repositoryAt(stub), '1');
    const tags = Array.from({ length: 12 }, (_, nth) => `t${nth}`);
    const results = await Promise.allSettled(tags.map((tag) => client.getManifest(repositoryAt(stub), tag)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    expect(stub.requests).toHaveLength(4);
    expect(most).toBeLessThanOrEqual(2);
    expect(client.quotasLeft()).toEqual([{ host: stub.host, remaining: 1, limit: 100, seconds: 21_600 }]);
  });

  it('of what is sent is told as one', async () => {
    await using stub = await startStub((_, response) =>
      answerError(response, 429, 'TOOMANYREQUESTS', 'You have reached your rate limit'),
    );
    using client = clientOf([stub]);
    const failure = await failureOf(client.beginUpload(repositoryAt(stub)));
    expect(failure.message).toMatch(/refuses further pushes, a quota is used up/);
    expect(failure.hint).toMatch(/what the registry has by then is not sent again/);
    expect(failure.hint).not.toMatch(/mirror|pull/);
  });

  it('is told by a GET where HEAD has no words for it', async () => {
    await using stub = await startStub((request, response) => {
      if (request.method === 'HEAD') return void response.writeHead(429).end();
      return answerError(response, 429, 'TOOMANYREQUESTS', 'pull limit reached');
    });
    using client = clientOf([stub]);
    expect(await client.headManifest(repositoryAt(stub), '1')).toBeUndefined();
    expect((await failureOf(client.getManifest(repositoryAt(stub), '1'))).code).toBe('quota');
    expect(stub.requests).toHaveLength(2);
  });
});

it('sends nothing more when it is closed, also where a request waits for another attempt', async () => {
  await using stub = await startStub((_, response) => answerError(response, 503, 'UNAVAILABLE', 'later'));
  const client = clientOf([stub], { retries: 9, retryMilliseconds: 20 });
  const failing = failureOf(client.getManifest(repositoryAt(stub), '1'));
  await until('the first request', () => (stub.requests.length > 0 ? true : undefined));
  client.close();
  expect((await failing).code).toBe('interrupted');
  const { length } = stub.requests;
  expect((await failureOf(client.getManifest(repositoryAt(stub), '2'))).code).toBe('interrupted');
  expect(stub.requests).toHaveLength(length);
});

describe('a throttle', () => {
  it('without a time is backed off from', async () => {
    await using stub = await startStub((request, response, nth) =>
      nth < 3
        ? answerError(response, 429, 'TOOMANYREQUESTS', 'Rate exceeded')
        : answerManifest(request, response, index),
    );
    using client = clientOf([stub]);
    await client.getManifest(repositoryAt(stub), '1');
    expect(stub.requests).toHaveLength(3);
  });

  it('that never ends is a network failure after the retries', async () => {
    await using stub = await startStub((_, response) =>
      answerError(response, 429, 'TOOMANYREQUESTS', 'Rate exceeded'),
    );
    using client = clientOf([stub], { retries: 2 });
    expect((await failureOf(client.getManifest(repositoryAt(stub), '1'))).code).toBe('network');
    expect(stub.requests).toHaveLength(3);
  });

  it('case A1: that never ends is one cause for all, when the host was waited for long enough', async () => {
    await using stub = await startStub((_, response) =>
      answerError(response, 429, 'TOOMANYREQUESTS', 'Rate exceeded'),
    );
    using client = clientOf([stub], { retries: 2, maxThrottledMilliseconds: 0 });
    const tags = Array.from({ length: 12 }, (_, nth) => `t${nth}`);
    const failures = await Promise.all(
      tags.map((tag) => failureOf(client.getManifest(repositoryAt(stub), tag))),
    );
    const [last] = failures.filter(({ code }) => code === 'quota');
    expect(last?.message).toMatch(/^127\.0\.0\.1:\d+ answers nothing but 429, however long it is waited for/);
    expect(new Set(failures.filter(({ code }) => code === 'quota')).size).toBe(1);
    expect(stub.requests).toHaveLength(3);
  });

  it.each([
    ['429 in seconds', 429, () => '1'],
    ['503 in seconds', 503, () => '1'],
    ['429 as a date', 429, () => new Date(Date.now() + 2000).toUTCString()],
  ])('told by %s holds every request to the host back', async (_, status, header) => {
    let until = 0;
    await using stub = await startStub((request, response) => {
      if (until > 0) return answerManifest(request, response, index);
      // A date has whole seconds.
      until = Date.now() + 950;
      return void response.writeHead(status, { 'retry-after': header() }).end();
    });
    using client = clientOf([stub], { sockets: 1 });
    await Promise.all(['1', '2', '3', '4'].map((tag) => client.getManifest(repositoryAt(stub), tag)));
    expect(stub.requests).toHaveLength(5);
    for (const { at } of stub.requests.slice(1)) expect(at).toBeGreaterThanOrEqual(until);
  });
});

describe('N5: a registry that answers 503 and asks to be left alone', () => {
  const busy = (seconds: string): StubHandler => {
    return (_, response) => answerError(response, 503, 'UNAVAILABLE', 'closed', { 'retry-after': seconds });
  };

  it('for one repository alone goes on with all others', async () => {
    await using stub = await startStub((request, response) =>
      request.path.includes('/lost/')
        ? busy('1')(request, response, 1)
        : answerManifest(request, response, index),
    );
    using client = clientOf([stub], { sockets: 4, retries: 2 });
    const lost = { ...repositoryAt(stub), path: 'lost/one' };
    expect((await failureOf(client.getManifest(lost, '1'))).message).toContain('answered 503');
    await client.getManifest(repositoryAt(stub), '1');
  });

  it('for ever is looked for by one request at a time, and is one cause for all', async () => {
    await using stub = await startStub(busy('1'));
    using client = clientOf([stub], { sockets: 4, retries: 2 });
    const tags = Array.from({ length: 12 }, (_, nth) => `t${nth}`);
    const failures = await Promise.all(
      tags.map((tag) => failureOf(client.headManifest(repositoryAt(stub), tag))),
    );
    expect(new Set(failures).size).toBe(1);
    expect([failures[0]?.code, failures[0]?.message]).toEqual([
      'network',
      `${stub.host} is not available: it answered 503 and asked to be left alone, and is not waited for any longer`,
    ]);
    // The first four, and two looks: 12 images with three attempts each would be 36.
    expect(stub.requests.length).toBeLessThanOrEqual(6);
  });

  describe('S9: and is a mirror', () => {
    const tags = Array.from({ length: 12 }, (_, nth) => `t${nth}`);
    /** Reads tags of a registry with a mirror that answers so. */
    const read = async (handler: StubHandler) => {
      await using mirror = await startStub(handler);
      await using origin = await startStub((request, response) => answerManifest(request, response, index));
      using client = clientOf([mirror, origin], { sockets: 4 });
      const said: string[] = [];
      const rules = [{ prefix: origin.host, location: `${mirror.host}/hub` }];
      const sources = createSources(client, rules, (message) => said.push(message));
      await Promise.all(
        tags.map((tag) => sources.client.getManifest(repositoryAt(origin, `team/${tag}`), tag)),
      );
      return { mirror: mirror.host, asked: [mirror, origin].map(({ requests }) => requests.length), said };
    };

    it('for longer than it may is passed over by all at once, and that is said once', async () => {
      const { mirror, asked, said } = await read(busy('40'));
      expect(said).toEqual([
        expect.stringMatching(
          `^the mirror ${mirror} is not asked any more: ${mirror} is not available: it answered 503 .*; the next place is asked$`,
        ),
      ]);
      expect(asked).toEqual([expect.toBeOneOf([1, 2, 3, 4]), tags.length]);
    });

    it('for a moment is waited for once, and gives all', async () => {
      let isBack = false;
      const { asked, said } = await read((request, response, nth) => {
        if (isBack) return answerManifest(request, response, index);
        isBack = true;
        return busy('1')(request, response, nth);
      });
      expect([asked, said]).toEqual([[tags.length + 1, 0], []]);
    });
  });
});
