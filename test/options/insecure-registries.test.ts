import { describe, expect, it } from 'vitest';
import { OciSaveError } from '../../src/errors.ts';
import { parseOptions } from '../../src/options/index.ts';

function refusal(insecureRegistries: string): OciSaveError {
  try {
    parseOptions({ images: 'a', insecureRegistries });
  } catch (error) {
    if (error instanceof OciSaveError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('insecure-registries', () => {
  it('are hosts as references write them', () => {
    const insecureRegistries = [
      'localhost',
      'r.example',
      '127.0.0.1:5000',
      '[2001:db8::1]:5000',
      'Plain:5000',
    ];
    expect(parseOptions({ images: 'a', insecureRegistries })).toMatchObject({ insecureRegistries });
  });

  it.each([
    ['bob:SECRETpw99@127.0.0.1:5000', "'…@127.0.0.1:5000': a user does not belong to a host"],
    ['http://bob:SECRETpw99@r.example', "'…@r.example': a user does not belong to a host"],
    ['http://127.0.0.1:5000', "'http://127.0.0.1:5000': a host begins with no protocol"],
    ['r.example/team', "'r.example/team': a host has no path"],
    ['2001:db8::1', "'2001:db8::1': it is not a host"],
    ['*.example', 'a text of 9 characters: it is not a host'],
  ])('are refused where they would fit none, without a password: %s', (text, message) => {
    const error = refusal(text);
    expect([error.code, error.message]).toEqual(['usage', `insecure-registries: ${message}`]);
    expect(error.hint).toContain('registry.example:5000');
    expect(JSON.stringify([error.message, error.hint, error.cause])).not.toContain('SECRET');
  });
});
