import { describe, expect, it } from 'vitest';
import {
  findEntry,
  lookupKeys,
  normalizeKey,
  sameCredentials,
} from '../../../src/registry/auth/credentials.ts';

describe('case E4: normalizeKey', () => {
  it.each([
    ['https://index.docker.io/v1/', 'docker.io'],
    ['https://index.docker.io/v1', 'docker.io'],
    ['index.docker.io/v1/', 'docker.io'],
    ['index.docker.io', 'docker.io'],
    ['docker.io', 'docker.io'],
    ['registry-1.docker.io', 'docker.io'],
    ['https://registry-1.docker.io/v2/', 'docker.io'],
    ['docker.io/library/busybox', 'docker.io/library/busybox'],
    ['ghcr.io', 'ghcr.io'],
    ['GHCR.io', 'ghcr.io'],
    ['https://ghcr.io', 'ghcr.io'],
    ['http://ghcr.io/v2/', 'ghcr.io'],
    ['ghcr.io/', 'ghcr.io'],
    ['ghcr.io/v2/', 'ghcr.io'],
    ['ghcr.io/org', 'ghcr.io/org'],
    ['ghcr.io/org/', 'ghcr.io/org'],
    ['ghcr.io/v2', 'ghcr.io/v2'],
    ['https://registry.example:5000/v2/', 'registry.example:5000'],
    ['registry.example:5000/team/app', 'registry.example:5000/team/app'],
    ['[::1]:5000', '[::1]:5000'],
    ['https://registry.example/some/page', 'registry.example'],
  ])('%s stands for %s', (key, expected) => {
    expect(normalizeKey(key)).toBe(expected);
  });
});

describe('case E4: findEntry', () => {
  const at = (domain: string, path: string) => ({ domain, path });

  it('looks the longest key up first', () => {
    expect(lookupKeys(at('r.example:5000', 'a/b/c'))).toEqual([
      'r.example:5000/a/b/c',
      'r.example:5000/a/b',
      'r.example:5000/a',
      'r.example:5000',
    ]);
  });

  it.each([
    ['a/b', 'r.example/a/b'],
    ['a/c', 'r.example/a'],
    ['ab', 'r.example'],
    ['x/a', 'r.example'],
  ])('of namespaced keys takes the longest for %s', (path, key) => {
    const entries = new Map([
      ['r.example', 1],
      ['r.example/a', 2],
      ['r.example/a/b', 3],
    ]);
    expect(findEntry(entries, at('r.example', path))?.key).toBe(key);
  });

  it('takes no key of another host, port or prefix', () => {
    const entries = new Map([
      ['r.example:5000', 1],
      ['r.example.org', 2],
      ['r.example/a-b', 3],
    ]);
    expect(findEntry(entries, at('r.example', 'a'))).toBeUndefined();
  });

  it('prefers the normal form of a key to its other forms', () => {
    const entries = new Map([
      ['https://index.docker.io/v1/', 'docker'],
      ['docker.io', 'podman'],
    ]);
    expect(findEntry(entries, at('docker.io', 'library/x'))?.value).toBe('podman');
    entries.delete('docker.io');
    expect(findEntry(entries, at('docker.io', 'library/x'))).toEqual({
      key: 'https://index.docker.io/v1/',
      value: 'docker',
    });
  });
});

describe('sameCredentials', () => {
  it.each([
    [undefined, undefined, true],
    [{ username: 'u', password: 'p' }, { username: 'u', password: 'p' }, true],
    [{ username: 'u', password: 'p' }, { username: 'u', password: 'q' }, false],
    [{ username: 'u', password: 'p' }, { username: 'v', password: 'p' }, false],
    [{ username: 'u', password: 'p' }, undefined, false],
    [{ identityToken: 't' }, { identityToken: 't' }, true],
    [{ identityToken: 't' }, { identityToken: 'u' }, false],
    [{ identityToken: 't' }, { username: 'u', password: 't' }, false],
  ])('%# compares what opens the door', (a, b, same) => {
    expect(sameCredentials(a, b)).toBe(same);
    expect(sameCredentials(b, a)).toBe(same);
  });
});
