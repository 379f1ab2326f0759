import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Descriptor, embeddedIn } from '../../src/oci/descriptor.ts';
import { descriptorOf } from '../support/image.ts';

const bytesOf = fc.uint8Array({ maxLength: 40 });
const embedding = (bytes: Uint8Array, data: unknown): Descriptor =>
  descriptorOf('text/plain', bytes, { data });

describe('the content that a descriptor embeds', () => {
  it('is read from base64, and is nothing else than what digest and size say', () => {
    fc.assert(
      fc.property(bytesOf, fc.anything(), (bytes, other) => {
        const data = Buffer.from(bytes).toString('base64');
        expect(embeddedIn(embedding(bytes, data))).toEqual(bytes);
        const found = embeddedIn(embedding(bytes, other));
        if (found instanceof Uint8Array) expect([other, found]).toEqual([data, bytes]);
      }),
    );
  });

  it('is wrong after any change of its text', () => {
    fc.assert(
      fc.property(bytesOf, fc.nat(), fc.constantFrom('', 'A', '\n', '=', '-', '*'), (bytes, at, by) => {
        const data = Buffer.from(bytes).toString('base64');
        const place = data.length === 0 ? 0 : at % data.length;
        const changed = data.slice(0, place) + by + data.slice(place + 1);
        fc.pre(changed !== data && changed !== '');
        expect(embeddedIn(embedding(bytes, changed))).toBe('wrong');
      }),
    );
  });

  it('is absent where it is left out, null or empty', () => {
    const bytes = new Uint8Array(3);
    for (const data of [undefined, null, '']) expect(embeddedIn(embedding(bytes, data))).toBeUndefined();
  });
});
