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
