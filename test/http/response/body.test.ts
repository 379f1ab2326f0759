import { buffer } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createHttpClient, type HttpResponse } from '../../../src/http/index.ts';
import { OciSaveError } from '../../../src/errors.ts';
import { failureOf } from '../../support/failure.ts';
import { startStub, type StubHandler } from '../../support/registry-stub.ts';

const tooLong = (): OciSaveError => new OciSaveError({ code: 'unsupported', message: 'too long' });

/** Drips a byte every five milliseconds, until the client goes away. */
const drip: StubHandler = (_, response) => {
  const timer = setInterval(() => response.write('x'), 5);
  response.once('close', () => clearInterval(timer));
};

/** Reads the body of a server that responds so. */
async function read<T>(
  handler: StubHandler,
  take: (response: HttpResponse) => Promise<T>,
  milliseconds: Pick<
    Parameters<typeof createHttpClient>[0],
    'stallMilliseconds' | 'wholeMilliseconds' | 'leastBytesASecond'
  >,
): Promise<T> {
  await using stub = await startStub(handler);
  const http = createHttpClient({
    env: {},
    sockets: 1,
    policy: { retries: 0, retryMilliseconds: 1 },
    requestMilliseconds: 5000,
    ...milliseconds,
  });
  try {
    return await http.request(
      { method: 'GET', url: new URL(stub.url), headers: {}, subject: 'it' },
      async (response) => take(response),
    );
  } finally {
    http.close();
  }
}

describe('a body that comes a byte at a time', () => {
  it('is given up at a least rate where it is streamed (found B6)', async () => {
    const reading = read(drip, async (response) => buffer(response.stream({ limit: 1e6, tooLong })), {
      stallMilliseconds: 200,
      wholeMilliseconds: 60_000,
    });
    const { code, message } = await failureOf(reading);
    expect(code).toBe('network');
    expect(message).toMatch(/^it: 127\.0\.0\.1:\d+ is too slow: \d+ bytes in 0 s$/);
  });

  it('is given up, too, where each burst is more than its reader takes at once', async () => {
    const burst = Buffer.alloc(256 * 1024);
    const bursts: StubHandler = (_, response) => {
      const timer = setInterval(() => response.write(burst), 50);
      response.once('close', () => clearInterval(timer));
    };
    const reading = read(bursts, async (response) => buffer(response.stream({ limit: 1e8, tooLong })), {
      stallMilliseconds: 300,
      wholeMilliseconds: 60_000,
      leastBytesASecond: 30 * 1024 * 1024,
    });
    expect((await failureOf(reading)).message).toContain(' is too slow: ');
  });

  it('is not given up for a reader that takes it slowly', async () => {
    const all = Buffer.alloc(1024 * 1024);
    const slowly = async (response: HttpResponse): Promise<number> => {
      let taken = 0;
      for await (const chunk of response.stream({ limit: 1e8, tooLong })) {
        taken += Buffer.from(chunk).length;
        await setTimeout(40);
      }
      return taken;
    };
    const rules = { stallMilliseconds: 200, wholeMilliseconds: 60_000, leastBytesASecond: 2 * 1024 * 1024 };
    expect(await read((_, response) => response.end(all), slowly, rules)).toBe(all.length);
  });

  it('is given up at a deadline where it is held in memory (found B6)', async () => {
    const reading = read(drip, async (response) => response.whole({ limit: 1e6, tooLong }), {
      stallMilliseconds: 60_000,
      wholeMilliseconds: 100,
    });
    const { code, message } = await failureOf(reading);
    expect(code).toBe('network');
    expect(message).toMatch(/^it: 127\.0\.0\.1:\d+ did not send its whole response within 0 s$/);
  });

  it('costs only the words where it is a refusal (found B6)', async () => {
    const refuse: StubHandler = (request, response, nth) => {
      response.statusCode = 404;
      drip(request, response, nth);
    };
    const refusal = await read(refuse, async (response) => response.refusal(), {
      stallMilliseconds: 60_000,
      wholeMilliseconds: 100,
    });
    expect(refusal.words).toMatch(/^x+$/);
  });
});
