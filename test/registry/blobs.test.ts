import { buffer } from 'node:stream/consumers';
import { describe, expect, it, vi } from 'vitest';
import { OciSaveError } from '../../src/errors.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { isTemporary } from '../../src/registry/index.ts';
import { answerError, startStub, type StubHandler } from '../support/registry-stub.ts';
import { always, clientOf, failureOf, repositoryAt } from './support.ts';

const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 251));
const blob = { digest: digestOf(bytes), size: bytes.length };

const ranged: StubHandler = ({ headers }, response) => {
  const start = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
  if (start === 0) return void response.end(bytes);
  const range = `bytes ${start}-${bytes.length - 1}/${bytes.length}`;
  return void response.writeHead(206, { 'content-range': range }).end(bytes.subarray(start));
};

describe('getBlob', () => {
  it('gives the whole blob, and the rest from an offset', async () => {
    await using stub = await startStub(ranged);
    using client = clientOf([stub]);
    const whole = await client.getBlob(repositoryAt(stub), blob);
    expect(whole.offset).toBe(0);
    expect(await buffer(whole.body)).toEqual(bytes);
    const rest = await client.getBlob(repositoryAt(stub), blob, { offset: 60_000 });
    expect(rest.offset).toBe(60_000);
    expect(await buffer(rest.body)).toEqual(bytes.subarray(60_000));
    expect(stub.requests.map(({ headers }) => headers.range)).toEqual([undefined, 'bytes=60000-']);
    expect(stub.lines()[0]).toBe(`GET /v2/team/app/blobs/${blob.digest}`);
  });

  it('says so where ranges are ignored', async () => {
    await using stub = await startStub((_, response) => void response.end(bytes));
    using client = clientOf([stub]);
    const { offset, body } = await client.getBlob(repositoryAt(stub), blob, { offset: 60_000 });
    expect(offset).toBe(0);
    expect(await buffer(body)).toEqual(bytes);
  });

  it('takes the whole where the range is refused', async () => {
    await using stub = await startStub(({ headers }, response) => {
      if (headers.range !== undefined) return void response.writeHead(416).end();
      return void response.end(bytes);
    });
    using client = clientOf([stub]);
    const { offset, body } = await client.getBlob(repositoryAt(stub), blob, { offset: 60_000 });
    expect(offset).toBe(0);
    expect(await buffer(body)).toEqual(bytes);
    expect(stub.requests).toHaveLength(2);
  });

  it.each([
    ['another start', 'bytes 5-99999/100000'],
    ['another size', 'bytes 60000-99999/200000'],
    ['no range', 'nonsense'],
  ])('refuses a part with %s', async (_, range) => {
    await using stub = await startStub(
      (_, response) => void response.writeHead(206, { 'content-range': range }).end('x'),
    );
    using client = clientOf([stub]);
    const error = await failureOf(client.getBlob(repositoryAt(stub), blob, { offset: 60_000 }));
    expect(error.code).toBe('digest');
  });

  it('refuses a blob that calls itself longer, and one that is longer', async () => {
    const longer = Buffer.concat([bytes, Buffer.from('x')]);
    await using stub = await startStub((_, response, nth) => {
      if (nth === 1) return void response.end(longer);
      response.write(bytes);
      return void response.end('x');
    });
    using client = clientOf([stub]);
    expect((await failureOf(client.getBlob(repositoryAt(stub), blob))).code).toBe('digest');
    const { body } = await client.getBlob(repositoryAt(stub), blob);
    const error = await failureOf(buffer(body));
    expect(error.code).toBe('digest');
    expect(error.message).toContain('100000 bytes');
  });

  it('case A4: errs with the bytes received of those expected where it is cut, and does not retry', async () => {
    await using stub = await startStub((_, response) => {
      response.writeHead(200, { 'content-length': bytes.length });
      response.write(bytes.subarray(0, 60_000), () => response.destroy());
    });
    using client = clientOf([stub]);
    const { body } = await client.getBlob(repositoryAt(stub), blob);
    const error = await failureOf(buffer(body));
    expect(error.code).toBe('network');
    expect(isTemporary(error)).toBe(true);
    expect(error.message).toContain(
      `${stub.host}/team/app, blob ${blob.digest.slice(0, 19)}: ${stub.host} closed`,
    );
    expect(error.message).toMatch(/after \d+ of 100000 bytes/);
    expect(stub.requests).toHaveLength(1);
  });

  it('errs where a body ends too early without a word', async () => {
    await using stub = await startStub((_, response) => void response.end(bytes.subarray(0, 10)));
    using client = clientOf([stub]);
    const { body } = await client.getBlob(repositoryAt(stub), blob);
    const error = await failureOf(buffer(body));
    expect(error.code).toBe('network');
    expect(error.message).toContain('after 10 of 100000 bytes');
  });

  it('case A5: notices silence, with a text of its own, and closes the connection', async () => {
    const closed = Promise.withResolvers<void>();
    await using stub = await startStub((_, response) => {
      response.once('close', () => closed.resolve());
      response.writeHead(200, { 'content-length': bytes.length }).write(bytes.subarray(0, 50_000));
    });
    using client = clientOf([stub], { stallMilliseconds: 50 });
    const { body } = await client.getBlob(repositoryAt(stub), blob);
    const error = await failureOf(buffer(body));
    expect(error.code).toBe('network');
    expect(isTemporary(error)).toBe(true);
    expect(error.message).toMatch(/went silent.* after 50000 of 100000 bytes/);
    await closed.promise;
  });

  it('does not take a slow reader for a silent server', async () => {
    const large = Buffer.alloc(4 * 1024 * 1024, 7);
    await using stub = await startStub((_, response) => void response.end(large));
    using client = clientOf([stub], { stallMilliseconds: 30_000 });
    const { body } = await client.getBlob(repositoryAt(stub), {
      digest: digestOf(large),
      size: large.length,
    });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      body.once('readable', () => {});
      while (body.readableLength < body.readableHighWaterMark) {
        await new Promise((resolve) => setImmediate(resolve));
      }
      vi.advanceTimersByTime(300_000);
      expect(body.destroyed).toBe(false);
    } finally {
      vi.useRealTimers();
    }
    expect(await buffer(body)).toHaveLength(large.length);
  });

  it('case H1: may last for hours: what is streamed has no deadline, as long as bytes come', async () => {
    const rest = Promise.withResolvers<void>();
    await using stub = await startStub((_, response) => {
      response.writeHead(200, { 'content-length': bytes.length }).write(bytes.subarray(0, 50_000));
      void rest.promise.then(() => response.end(bytes.subarray(50_000)));
    });
    using client = clientOf([stub], { stallMilliseconds: 24 * 3_600_000, wholeMilliseconds: 60_000 });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const { body } = await client.getBlob(repositoryAt(stub), blob);
      const whole = buffer(body);
      vi.advanceTimersByTime(12 * 3_600_000);
      rest.resolve();
      expect(await whole).toHaveLength(bytes.length);
    } finally {
      vi.useRealTimers();
    }
  });

  it('frees the connection of a body that its reader gives up', async () => {
    const closed = Promise.withResolvers<void>();
    await using stub = await startStub((_, response) => {
      response.once('close', () => closed.resolve());
      response.writeHead(200, { 'content-length': bytes.length }).write('x');
    });
    using client = clientOf([stub]);
    const { body } = await client.getBlob(repositoryAt(stub), blob);
    body.destroy();
    await expect(closed.promise).resolves.toBeUndefined();
  });

  it('ends with the reason of its signal, before and during the body', async () => {
    await using stub = await startStub((_, response) => {
      response.writeHead(200, { 'content-length': bytes.length }).write('x');
    });
    using client = clientOf([stub]);
    const reason = new OciSaveError({ code: 'interrupted', message: 'enough' });
    const controller = new AbortController();
    const { body } = await client.getBlob(repositoryAt(stub), blob, { signal: controller.signal });
    const read = failureOf(buffer(body));
    controller.abort(reason);
    expect(await read).toBe(reason);
    const late = client.getBlob(repositoryAt(stub), blob, { signal: controller.signal });
    expect(await failureOf(late)).toBe(reason);
    expect(stub.requests).toHaveLength(1);
  });

  it.each([404, 500])('does not retry a %s itself', async (status) => {
    await using stub = await startStub((_, response) =>
      answerError(response, status, 'BLOB_UNKNOWN', 'gone'),
    );
    using client = clientOf([stub]);
    const error = await failureOf(client.getBlob(repositoryAt(stub), blob));
    expect(error.code).toBe(status === 404 ? 'not-found' : 'network');
    expect(stub.requests).toHaveLength(1);
  });

  it('gives an empty blob', async () => {
    await using stub = await startStub((_, response) => void response.end());
    using client = clientOf([stub]);
    const empty = { digest: digestOf(new Uint8Array()), size: 0 };
    expect(await buffer((await client.getBlob(repositoryAt(stub), empty)).body)).toHaveLength(0);
  });
});

describe('getUrl', () => {
  const credentials = always({ username: 'u', password: 'p' });

  it('fetches a foreign layer anonymously, under the same bounds', async () => {
    await using stub = await startStub(ranged);
    using client = clientOf([stub], { credentials });
    const { body } = await client.getUrl(repositoryAt(stub), `http://u:p@${stub.host}/layer?x=1`, blob, {
      offset: 60_000,
    });
    expect(await buffer(body)).toEqual(bytes.subarray(60_000));
    expect(
      stub.requests.map(({ path, query, headers }) => [path, query.get('x'), headers.authorization]),
    ).toEqual([['/layer', '1', undefined]]);
  });

  it('answers no challenge', async () => {
    await using stub = await startStub(
      (_, response) => void response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end(),
    );
    using client = clientOf([stub], { credentials });
    expect((await failureOf(client.getUrl(repositoryAt(stub), `${stub.url}/layer`, blob))).code).toBe(
      'denied',
    );
    expect(stub.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });

  it.each(['http', 'ftp', 'file'])('takes no %s address of a host that is not named', async (protocol) => {
    await using stub = await startStub(ranged);
    using client = clientOf([]);
    const error = await failureOf(
      client.getUrl(repositoryAt(stub), `${protocol}://${stub.host}/layer`, blob),
    );
    expect(error.code).toBe('unsupported');
    expect(stub.requests).toHaveLength(0);
  });
});
