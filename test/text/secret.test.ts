import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { skopeoFailure } from '../../src/skopeo/failure.ts';
import { hiddenParts, withoutSecrets } from '../../src/text/secret.ts';

describe('a text without secrets', () => {
  it('has no part of a secret that is hidden', () => {
    const secret = fc.stringMatching(/^[a-c\n ]{0,12}$/);
    const property = fc.property(fc.array(secret), fc.stringMatching(/^[a-c\n ]{0,40}$/), (secrets, text) => {
      const shown = withoutSecrets(`x${secrets.join('x')}x${text}`, secrets);
      for (const part of secrets.flatMap(hiddenParts)) {
        expect(part.length).toBeGreaterThan(3);
        expect(shown).not.toContain(part);
      }
    });
    fc.assert(property);
  });

  it.each([
    ['a whole secret before a part of it', 'x abcdef y', ['abcd', 'abcdef'], 'x *** y'],
    ['each line of one with several', 'a1b2c3 then d4e5f6', ['a1b2c3\r\nd4e5f6'], '*** then ***'],
    ['nothing that is too short', 'a banana', ['a', 'na\nb', ''], 'a banana'],
  ])('hides %s', (_, text, secrets, shown) => expect(withoutSecrets(text, secrets)).toBe(shown));

  const word = String.raw`p"a\s<s & 'ü'`;
  const json = JSON.stringify(word).slice(1, -1);
  const again = JSON.stringify(json).slice(1, -1);
  it.each([
    ['in JSON', json],
    ['in JSON within JSON', again],
    ['in a quotation of that', JSON.stringify(again).slice(1, -1)],
    ['in the JSON of Go', json.replace('<', String.raw`\u003c`).replace('&', String.raw`\u0026`)],
    ['in the JSON of Python', json.replace('ü', String.raw`\u00fc`)],
    ['in an address', encodeURIComponent(word)],
    ['in a form', new URLSearchParams({ x: word }).toString().slice(2)],
    [
      'in an address, in small letters',
      encodeURIComponent(word).replaceAll(/%../g, (byte) => byte.toLowerCase()),
    ],
    ['in HTML', 'p&quot;a\\s&lt;s &amp; &#39;ü&#39;'],
  ])('T7: hides a password that is repeated %s', (_, form) => {
    expect(withoutSecrets(`you sent "${form}" here`, [word])).toBe('you sent "***" here');
  });

  it('T7: of a skopeo that fails has no part of a password at the end of what is read of a line', () => {
    const secret = `two words ${'and more '.repeat(800)}`;
    const stderr = `level=fatal msg="${secret}${'x '.repeat(200)}${secret}"`;
    const result = { exitCode: 1, signal: undefined, stdout: '', stderr };
    expect(skopeoFailure('x', result, [secret]).message).not.toContain('two words');
  });

  it('found J5: of a skopeo that fails is not spoilt by a password of one letter', () => {
    const result = {
      exitCode: 1,
      signal: undefined,
      stdout: '',
      stderr: 'level=fatal msg="a name was denied"',
    };
    expect(skopeoFailure('x', result, ['a']).message).toContain('a name was denied');
  });
});
