import { describe, expect, it } from 'vitest';
import { isPrivateHost } from '../../src/http/address.ts';
import { parseContentRange } from '../../src/http/response/download.ts';
import { insecureHosts } from '../../src/http/address.ts';
import { checkedRealm } from '../../src/registry/auth/token.ts';
import { redirectTarget } from '../../src/http/follow.ts';
import { registryHost } from '../../src/registry/repository.ts';
import { failureOf } from './support.ts';

const from = { url: new URL('https://r.example/v2/a/blobs/x?q=1'), peer: '203.0.113.5' };
const base = { subject: 'r.example/a:1', from, trusted: false };
const target = (location: string | undefined, more: object = {}): string =>
  redirectTarget({ ...base, location, ...more }).href;

describe('redirectTarget', () => {
  it.each([
    ['https://cdn.example/y?sig=1', 'https://cdn.example/y?sig=1'],
    ['/other/path', 'https://r.example/other/path'],
    ['y', 'https://r.example/v2/a/blobs/y'],
    ['//cdn.example/z', 'https://cdn.example/z'],
  ])('follows %s', (location, expected) => {
    expect(target(location)).toBe(expected);
  });

  it.each([
    [undefined, /to no address/],
    ['https://', /to no address/],
    ['http://r.example/y', /from https to plain HTTP/],
    ['file:///etc/passwd', /to the protocol file:/],
    ['https://10.0.0.1/y', /private address 10\.0\.0\.1/],
    ['https://169.254.169.254/latest', /private address/],
    ['https://[fd00::1]/y', /private address/],
    ['https://[::ffff:127.0.0.1]/y', /private address/],
    ['https://localhost/y', /private address/],
    ['https://2130706433/y', /private address/],
  ])('refuses %s', async (location, message) => {
    const error = await failureOf(async () => target(location));
    expect(error.code).toBe('unsupported');
    expect(error.message).toMatch(message);
  });

  it('never quotes a presigned address', async () => {
    const error = await failureOf(async () => target('http://cdn.example/y?X-Amz-Signature=SECRET'));
    expect(error.message).not.toContain('SECRET');
  });

  it('lets a private registry lead to a private address, and one that the user named', () => {
    const location = 'https://10.0.0.1/y';
    expect(target(location, { from: { ...from, url: new URL('https://192.168.1.2/v2/') } })).toBe(location);
    expect(target(location, { from: { ...from, peer: '10.9.9.9' } })).toBe(location);
    expect(target(location, { trusted: true })).toBe(location);
  });
});

describe('isPrivateHost', () => {
  it.each([
    ['127.0.0.1', true],
    ['10.1.2.3', true],
    ['172.16.0.1', true],
    ['172.32.0.1', false],
    ['192.168.0.1', true],
    ['169.254.1.1', true],
    ['100.64.0.1', true],
    ['0.0.0.0', true],
    ['8.8.8.8', false],
    ['[::1]', true],
    ['[::]', true],
    ['[fe80::1%25eth0]', true],
    ['[fdab::1]', true],
    ['[2001:db8::1]', false],
    ['::ffff:10.0.0.1', true],
    ['::ffff:8.8.8.8', false],
    ['localhost', true],
    ['a.localhost', true],
    ['10.example.org', false],
  ])('%s: %s', (host, expected) => {
    expect(isPrivateHost(host)).toBe(expected);
  });
});

describe('checkedRealm', () => {
  const realm = (address: string, insecure = false, registry = 'https://r.example'): string =>
    checkedRealm({ subject: 's', realm: address, insecure, registry: new URL(registry) }).href;

  it('takes https from any registry, and http from an insecure one', () => {
    expect(realm('https://auth.example/token')).toBe('https://auth.example/token');
    expect(realm('http://auth.example/token', true)).toBe('http://auth.example/token');
    expect(realm('https://10.0.0.1/token', false, 'https://10.0.0.2')).toBe('https://10.0.0.1/token');
  });

  it.each(['http://auth.example/token', 'token', 'file:///x'])('refuses %s', async (address) => {
    expect((await failureOf(async () => realm(address))).code).toBe('unsupported');
  });
});

describe('parseContentRange', () => {
  it.each([
    ['bytes 5-9/10', { offset: 5, total: 10 }],
    ['bytes 5-9/*', { offset: 5, total: undefined }],
    ['bytes */10', undefined],
    ['items 5-9/10', undefined],
    [undefined, undefined],
  ])('reads %s', (header, expected) => {
    expect(parseContentRange(header)).toEqual(expected);
  });
});

describe('insecureHosts', () => {
  it('names hosts exactly as references write them', () => {
    const hosts = insecureHosts(['r.example:5000', 'Plain.example', 'tls.example:443']);
    expect(hosts.names('r.example:5000')).toBe(true);
    expect(hosts.names('r.example')).toBe(false);
    expect(hosts.names('plain.example')).toBe(true);
    expect(hosts.names('plain.example:5000')).toBe(false);
    expect(hosts.has(new URL('http://r.example:5000/v2/'))).toBe(true);
    expect(hosts.has(new URL('https://r.example/'))).toBe(false);
    expect(hosts.has(new URL('https://tls.example/'))).toBe(true);
    expect(hosts.has(new URL('https://x.plain.example/'))).toBe(false);
  });
});

describe('registryHost', () => {
  it('knows under which name Docker Hub serves', () => {
    expect(registryHost('docker.io')).toBe('registry-1.docker.io');
    expect(registryHost('ghcr.io')).toBe('ghcr.io');
  });
});
