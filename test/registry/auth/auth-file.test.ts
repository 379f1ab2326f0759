import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OciSaveError } from '../../../src/errors.ts';
import { parseAuthFile } from '../../../src/registry/auth/auth-file.ts';
import { authFilePlaces } from '../../../src/registry/auth/auth-places.ts';
import { failureOf } from '../support.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const entry = (value: unknown): string => JSON.stringify({ auths: { 'r.example': value } });
const parsed = (value: unknown) => parseAuthFile(entry(value), 'auth.json').auths.get('r.example');

describe('parseAuthFile', () => {
  it.each([
    ['base64', { auth: base64('user:pass') }, { username: 'user', password: 'pass' }],
    ['a colon in the password', { auth: base64('u:a:b:') }, { username: 'u', password: 'a:b:' }],
    ['two fields', { username: 'u', password: 'p' }, { username: 'u', password: 'p' }],
    [
      'line breaks in base64',
      { auth: base64(`u:${'p'.repeat(90)}`).replace(/.{60}/g, '$&\n') },
      { username: 'u', password: 'p'.repeat(90) },
    ],
    ['zero bytes at the end', { auth: base64('u:p\0\0') }, { username: 'u', password: 'p' }],
    [
      'an identity token',
      { auth: base64('00000000-0000-0000-0000-000000000000:'), identitytoken: 't' },
      { identityToken: 't' },
    ],
    ['UTF-8', { auth: base64('jürgen:gehörig') }, { username: 'jürgen', password: 'gehörig' }],
    [
      'a robot with $ and +',
      { auth: base64(String.raw`robot$a+b\c:p w"d#%`) },
      { username: String.raw`robot$a+b\c`, password: 'p w"d#%' },
    ],
    ['an empty entry', {}, undefined],
    ['no entry', null, undefined],
    ['an empty auth', { auth: '' }, undefined],
    ['a lone colon', { auth: base64(':') }, undefined],
  ])('reads %s', (_, value, expected) => {
    expect(parsed(value)).toEqual(expected);
  });

  it('reads any user and password back', () => {
    const user = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !text.includes(':'));
    const password = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !/^\0|\0$/.test(text));
    fc.assert(
      fc.property(user, password, (username, secret) => {
        expect(parsed({ auth: base64(`${username}:${secret}`) })).toEqual({ username, password: secret });
      }),
    );
  });

  it('keeps empty entries, helpers and the store apart', () => {
    const file = parseAuthFile(
      JSON.stringify({ auths: { 'a.example': {} }, credHelpers: { 'b.example': 'x' }, credsStore: 'y' }),
      'config.json',
    );
    expect([...file.emptyAuths.keys()]).toEqual(['a.example']);
    expect(file.auths.size).toBe(0);
    expect(file.credHelpers.get('b.example')).toBe('x');
    expect(file.credsStore).toBe('y');
  });

  it('reads the form of ~/.dockercfg', () => {
    const text = JSON.stringify({ 'https://r.example/v1/': { auth: base64('u:p'), email: 'x' } });
    const { auths } = parseAuthFile(text, '.dockercfg', { legacy: true });
    expect(auths.get('https://r.example/v1/')).toEqual({ username: 'u', password: 'p' });
  });

  it('takes an empty file for one without logins', () => {
    expect(parseAuthFile(' \n', '/dev/null').auths.size).toBe(0);
  });

  it.each([
    ['no JSON', '{"auths": {"r.example": {"auth": "SECRET"}'],
    ['another form', '{"auths": ["SECRET"]}'],
    ['a number for auth', '{"auths": {"r.example": {"auth": 5, "password": "SECRET"}}}'],
    ['no base64', entry({ auth: '!SECRET!' })],
    ['base64 without a colon', entry({ auth: base64('SECRET') })],
  ])('names the file and shows nothing of it for %s', async (_, text) => {
    const error = await failureOf(async () => parseAuthFile(text, '/home/u/auth.json'));
    expect(error.code).toBe('usage');
    expect(error.message).toContain('/home/u/auth.json');
    expect(JSON.stringify([error.message, error.hint, String(error.cause)])).not.toMatch(/SECRET|U0VDUkVU/);
    expect(error).toBeInstanceOf(OciSaveError);
  });
});

describe('authFilePlaces', () => {
  const paths = (options: Parameters<typeof authFilePlaces>[0]): string[] =>
    authFilePlaces(options).map(({ path }) => path);
  const env = { HOME: '/home/u', XDG_RUNTIME_DIR: '/run/user/1' };

  it('searches as skopeo does', () => {
    expect(authFilePlaces({ env })).toEqual([
      { path: '/run/user/1/containers/auth.json', legacy: false, from: 'runtime' },
      { path: '/home/u/.config/containers/auth.json', legacy: false, from: 'home' },
      { path: '/home/u/.docker/config.json', legacy: false, from: 'home' },
      { path: '/home/u/.dockercfg', legacy: true, from: 'home' },
    ]);
  });

  it('heeds XDG_CONFIG_HOME and DOCKER_CONFIG', () => {
    expect(paths({ env: { HOME: '/h', XDG_CONFIG_HOME: '/x', DOCKER_CONFIG: '/d' } })).toEqual([
      '/x/containers/auth.json',
      '/d/config.json',
      '/h/.dockercfg',
    ]);
  });

  it('E3: searches elsewhere than on Linux as podman does there', () => {
    const elsewhere = { ...env, XDG_CONFIG_HOME: '/x' };
    expect(paths({ env: elsewhere, platform: 'darwin' })).toEqual([
      '/home/u/.config/containers/auth.json',
      '/x/containers/auth.json',
      '/home/u/.docker/config.json',
      '/home/u/.dockercfg',
    ]);
    expect(paths({ env, platform: 'darwin' })).toHaveLength(3);
  });

  it('knows the runtime folder of a user without XDG_RUNTIME_DIR', () => {
    expect(paths({ env: {}, userId: 7 })).toEqual(['/run/containers/7/auth.json']);
  });

  it('reads a named file alone, the option before the variable', () => {
    const named = { ...env, REGISTRY_AUTH_FILE: '/named.json' };
    expect(authFilePlaces({ env: named })).toEqual([
      { path: '/named.json', legacy: false, from: 'variable' },
    ]);
    expect(authFilePlaces({ env: named, authFile: '/option.json' })).toEqual([
      { path: '/option.json', legacy: false, from: 'option' },
    ]);
  });

  it('works without HOME, and takes an empty variable for none', () => {
    expect(paths({ env: {} })).toEqual([]);
    expect(paths({ env: { HOME: '', REGISTRY_AUTH_FILE: '', XDG_RUNTIME_DIR: '' } })).toEqual([]);
  });
});
