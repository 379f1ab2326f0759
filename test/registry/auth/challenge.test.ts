import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseScheme, parseChallenges } from '../../../src/registry/auth/challenge.ts';

const plain = (lines: readonly string[]): unknown =>
  parseChallenges(lines).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);

describe('N4, case B9: parseChallenges', () => {
  it.each([
    ['one', ['Basic realm="r"'], [['basic', { realm: 'r' }]]],
    [
      'two header lines',
      ['Negotiate', 'Basic realm="r"'],
      [
        ['negotiate', {}],
        ['basic', { realm: 'r' }],
      ],
    ],
    [
      'a comma list, whose parameters do not leak',
      ['Basic realm="r", Bearer realm="https://h/token",service="s"'],
      [
        ['basic', { realm: 'r' }],
        ['bearer', { realm: 'https://h/token', service: 's' }],
      ],
    ],
    [
      'commas and equals signs inside quotes',
      ['Bearer realm="https://h/t?a=b,c",scope="repository:a/b:pull,push"'],
      [['bearer', { realm: 'https://h/t?a=b,c', scope: 'repository:a/b:pull,push' }]],
    ],
    ['escapes', [String.raw`Basic realm="a \"b\" \\c"`], [['basic', { realm: String.raw`a "b" \c` }]]],
    [
      'a token68',
      ['Negotiate YII+a/b==, Basic realm="r"'],
      [
        ['negotiate', {}],
        ['basic', { realm: 'r' }],
      ],
    ],
    [
      'blanks around',
      ['  Bearer  realm = "x" ,  service="s" , '],
      [['bearer', { realm: 'x', service: 's' }]],
    ],
    [
      'unquoted addresses',
      ['Bearer realm=https://h/t,service=s'],
      [['bearer', { realm: 'https://h/t', service: 's' }]],
    ],
    ['capitals', ['BEARER Realm="x"'], [['bearer', { realm: 'x' }]]],
    ['the first of two', ['Basic realm="a", realm="b"'], [['basic', { realm: 'a' }]]],
    [
      'a scheme alone in the middle',
      ['NTLM, Basic realm="r"'],
      [
        ['ntlm', {}],
        ['basic', { realm: 'r' }],
      ],
    ],
    ['nothing', ['', ' , '], []],
  ])('reads %s', (_, lines, expected) => {
    expect(plain(lines)).toEqual(expected);
  });

  it('reads back what is written by the grammar', () => {
    const word = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,8}$/);
    const challenge = fc.record({
      scheme: word,
      parameters: fc.dictionary(word, fc.string({ maxLength: 12 }), { maxKeys: 4 }),
    });
    const lowered = (record: Record<string, string>): Record<string, string> => {
      const first = new Map<string, string>();
      for (const [name, value] of Object.entries(record)) {
        if (!first.has(name.toLowerCase())) first.set(name.toLowerCase(), value);
      }
      return Object.fromEntries(first);
    };
    fc.assert(
      fc.property(fc.array(challenge, { maxLength: 4 }), (challenges) => {
        const line = challenges
          .map(({ scheme, parameters }) => {
            const written = Object.entries(parameters).map(
              ([name, value]) => `${name}="${value.replace(/["\\]/g, String.raw`\$&`)}"`,
            );
            return `${scheme} ${written.join(', ')}`.trim();
          })
          .join(', ');
        expect(plain([line])).toEqual(
          challenges.map(({ scheme, parameters }) => [scheme.toLowerCase(), lowered(parameters)]),
        );
      }),
    );
  });

  it('ends for any text', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (lines) => {
        expect(Array.isArray(parseChallenges(lines))).toBe(true);
      }),
    );
  });
});

describe('N4: chooseScheme', () => {
  it('prefers Bearer to Basic, whatever their order', () => {
    const challenges = parseChallenges(['Basic realm="r", Bearer realm="https://h/t",service="s"']);
    const bearer = { type: 'bearer', realm: 'https://h/t', service: 's', scope: undefined };
    expect(chooseScheme(challenges)).toEqual(bearer);
    expect(chooseScheme(challenges.toReversed())).toEqual(bearer);
  });

  it('passes over unknown schemes and a Bearer without realm', () => {
    expect(chooseScheme(parseChallenges(['Negotiate', 'Bearer service="s"', 'Basic realm="r"']))).toEqual({
      type: 'basic',
    });
    expect(chooseScheme(parseChallenges(['Negotiate, NTLM']))).toBeUndefined();
  });
});
