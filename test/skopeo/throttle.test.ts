import { describe, expect, it } from 'vitest';
import { isComplaint, throttleIn } from '../../src/skopeo/throttle.ts';

const line = (words: string): string => `time="2026-01-01T00:00:00Z" level=debug msg="${words}"`;

const THROTTLED =
  'Too many requests to https://r.example/v2/: sleeping for 60.000000 seconds before next attempt';

describe('N11: what skopeo says of a throttle', () => {
  it.each([
    ['https://r.example/v2/a/manifests/1', '2.000000', { host: 'r.example', milliseconds: 2000 }],
    [
      'http://127.0.0.1:5000/v2/a/blobs/sha256:0',
      '60.000000',
      { host: '127.0.0.1:5000', milliseconds: 60_000 },
    ],
    ['https://[::1]:5000/v2/', '0.500000', { host: '[::1]:5000', milliseconds: 500 }],
    // It waits no longer, and no line makes us.
    ['https://r.example/v2/', '999999.000000', { host: 'r.example', milliseconds: 60_000 }],
  ])('is the host of %s and %s seconds', (address, seconds, expected) => {
    const words = `Too many requests to ${address}: sleeping for ${seconds} seconds before next attempt`;
    expect(throttleIn(line(words))).toEqual(expected);
  });

  it.each([
    'GET https://r.example/v2/',
    'Too many requests to nowhere: sleeping for 2.0 seconds before next attempt',
    'Too many requests to https://r.example/: sleeping for ever',
    '',
  ])('is nothing in %j', (words) => {
    expect(throttleIn(line(words))).toBeUndefined();
  });

  it.each([
    `Accessing "r.example/a:1" failed: denied: ${THROTTLED}`,
    `denied: x" level=debug msg="${THROTTLED}`,
    `denied: x\n${line(THROTTLED)}`,
  ])('is nothing in what a registry says, which would slow down others: %j', (message) => {
    const quoted = JSON.stringify(message);
    expect(throttleIn(`time="2026-01-01T00:00:00Z" level=debug msg=${quoted}`)).toBeUndefined();
    expect(throttleIn(`time="2026-01-01T00:00:00Z" level=fatal msg=${quoted}`)).toBeUndefined();
    expect(throttleIn(message)).toBeUndefined();
  });

  it('ends in lines that are made for it', () => {
    expect(throttleIn('Too many requests to '.repeat(3000))).toBeUndefined();
    expect(throttleIn(`Too many requests to ${'https://x/:'.repeat(6000)}`)).toBeUndefined();
  });
});

it('keeps of its log what went wrong', () => {
  expect(isComplaint('time="x" level=fatal msg="initializing source: level=debug"')).toBe(true);
  expect(isComplaint('panic: runtime error')).toBe(true);
  for (const level of ['debug', 'info', 'trace'])
    expect(isComplaint(`time="x" level=${level} msg="GET https://r.example/"`)).toBe(false);
});
