import { describe, expect, it } from 'vitest';
import { OciSaveError } from '../../../src/errors.ts';
import { isTemporary, isTemporaryStatus, networkError } from '../../../src/http/index.ts';

describe('isTemporaryStatus', () => {
  it.each([
    [200, false],
    [401, false],
    [404, false],
    [408, true],
    [429, true],
    [500, true],
    [501, false],
    [502, true],
    [507, false],
    [599, true],
  ])('%s: %s', (status, temporary) => {
    expect(isTemporaryStatus(status)).toBe(temporary);
  });
});

describe('networkError', () => {
  const failed = (code: string): OciSaveError =>
    networkError(
      'r.example/a:1',
      'r.example',
      Object.assign(new Error('http://user:SECRET@proxy'), { code }),
    );

  it.each([
    ['ECONNRESET', true],
    ['ENOTFOUND', true],
    ['ETIMEDOUT', true],
    ['HPE_INVALID_CONSTANT', true],
    ['ERR_PROXY_TUNNEL', true],
    ['EPROTO', false],
    ['ERR_SSL_WRONG_VERSION_NUMBER', false],
    ['SELF_SIGNED_CERT_IN_CHAIN', false],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', false],
    ['ERR_TLS_CERT_ALTNAME_INVALID', false],
    ['CERT_HAS_EXPIRED', false],
  ])('%s: worth another attempt %s', (code, temporary) => {
    const error = failed(code);
    expect(error.code).toBe('network');
    expect(error.message).toContain(`(${code})`);
    expect(error.message).not.toContain('SECRET');
    expect(isTemporary(error)).toBe(temporary);
  });

  it.each([
    [407, false],
    [403, false],
    [503, true],
  ])('a proxy’s answer %s to CONNECT: worth another attempt %s', (statusCode, temporary) => {
    const cause = Object.assign(new Error('x'), { code: 'ERR_PROXY_TUNNEL', statusCode });
    expect(isTemporary(networkError('x', 'r.example', cause))).toBe(temporary);
  });

  it('hints at insecure-registries and authorities where TLS fails', () => {
    expect(failed('EPROTO').hint).toContain('insecure-registries');
    expect(failed('SELF_SIGNED_CERT_IN_CHAIN').hint).toContain('NODE_EXTRA_CA_CERTS');
    expect(failed('ECONNRESET').hint).toBeUndefined();
  });
});

describe('isTemporary', () => {
  it('is said of network errors alone', () => {
    expect(isTemporary(new OciSaveError({ code: 'network', message: 'x' }))).toBe(true);
    expect(isTemporary(new OciSaveError({ code: 'quota', message: 'x' }))).toBe(false);
    expect(isTemporary(new Error('x'))).toBe(false);
  });
});
