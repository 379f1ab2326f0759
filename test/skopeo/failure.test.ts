import { describe, expect, it } from 'vitest';
import { skopeoFailure } from '../../src/skopeo/index.ts';

const failed = (words: string, secrets: readonly string[] = []): { code: string; message: string } => {
  const stderr = `time="2026-01-01T00:00:00Z" level=fatal msg=${JSON.stringify(words)}\n`;
  const { code, message } = skopeoFailure(
    'a copy',
    { exitCode: 1, signal: undefined, stdout: '', stderr },
    secrets,
  );
  return { code, message };
};

describe('the error of a failed skopeo', () => {
  it.each([
    ['writing blob: write /x: no space left on device', 'local'],
    ['reading manifest: toomanyrequests: You have reached your pull rate limit', 'quota'],
    ['reading manifest: denied: requested access to the resource is denied', 'denied'],
    ['reading manifest: manifest unknown: manifest unknown', 'not-found'],
    ['writing blob: happened during read: Digest did not match, expected sha256:1, got sha256:2', 'digest'],
    ['unsupported manifest media type', 'unsupported'],
    ['happened during read: unexpected EOF', 'network'],
  ])('%s, is classed', (words, code) => {
    expect(failed(words)).toEqual({ code, message: `a copy: skopeo failed (exit 1): ${words}` });
  });

  it('shows neither the query of an address, nor a login, nor the given secrets', () => {
    const words = [
      'Get "https://store.example/blob?X-Amz-Signature=deadbeef&x=1": dial tcp: connection refused',
      'denied: you sent Basic dXNlcjpwYXNzd29yZA== and Bearer eyJhbGciOiJSUzI1NiJ9.e30.x',
      'denied: the password "hunter 2" is old',
    ].join(' ');
    const { message } = failed(words, ['hunter 2', '']);
    expect(message).toContain('"https://store.example/blob?…": dial tcp');
    expect(message).toContain('Basic *** and Bearer *** denied: the password "***" is old');
  });

  it('is one line without control characters, and bounded', () => {
    const { message } = failed(`a\n\u001b[31mred\u0000${'x'.repeat(5000)}`);
    expect(message).not.toMatch(/[\u0000-\u001F]/);
    expect(message.length).toBeLessThan(700);
  });

  it('names the signal that ended it', () => {
    const error = skopeoFailure('a copy', { exitCode: undefined, signal: 'SIGKILL', stdout: '', stderr: '' });
    expect(error).toMatchObject({ code: 'local', message: 'a copy: skopeo was ended by SIGKILL' });
  });
});
