import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AuthSection, readSections } from '../../src/api/sections.ts';
import { failureOf } from '../support/failure.ts';

const alice = { username: 'alice', password: 'a-secret' };
const bob = { username: 'bob', password: 'b-secret' };

const read = (...sections: readonly unknown[]): ReturnType<typeof readSections> =>
  readSections(sections as AuthSection[], { defaultRegistry: 'docker.io' });

describe('sections', () => {
  it('give each repository the user of its section, on one registry as well', async () => {
    const { lists, credentials } = read(
      { registry: 'reg.example:5000', ...alice, images: ['team/a:1', 'quay.io/acme/c:1'] },
      { registry: 'reg.example:5000', ...bob, images: ['team/b:1 => b:1'] },
      { ...bob, images: ['busybox'] },
    );
    const find = (domain: string, path: string): unknown => credentials.find({ domain, path });
    expect(await find('reg.example:5000', 'team/a')).toEqual(alice);
    expect(await find('quay.io', 'acme/c')).toEqual(alice);
    expect(await find('reg.example:5000', 'team/b')).toEqual(bob);
    expect(await find('docker.io', 'library/busybox')).toEqual(bob);
    expect(await find('reg.example:5000', 'team')).toBeUndefined();
    expect(await find('reg.example:5000', 'team/a/more')).toBeUndefined();
    expect(lists.map(({ file, requests }) => [file, requests.length])).toEqual([
      ['sections[0].images', 2],
      ['sections[1].images', 1],
      ['sections[2].images', 1],
    ]);
  });

  it('pass over a section without images, and local sources', async () => {
    const { lists, credentials } = read(
      { ...alice, images: [] },
      { ...bob, images: ['oci:layout => team/a:1'] },
    );
    expect(lists.map(({ file }) => file)).toEqual(['sections[1].images']);
    expect(await credentials.find({ domain: 'docker.io', path: 'team/a' })).toBeUndefined();
  });

  it('name one repository twice with one user, never with two', async () => {
    const first = { registry: 'reg.example', ...alice, images: ['team/a:1'] };
    expect(read(first, { ...first, images: ['team/a:2'] }).lists).toHaveLength(2);
    for (const other of [bob, { ...alice, password: 'another' }]) {
      const error = await failureOf(() => read(first, { ...other, images: ['reg.example/team/a:1'] }));
      expect(error.code).toBe('usage');
      expect(error.message).toBe('sections[0] and sections[1] name reg.example/team/a with different users');
    }
  });

  it.each([
    [{ ...alice, password: '', images: ['a'] }, 'sections[0].password: must not be empty'],
    [{ ...alice, username: undefined, images: ['a'] }, 'sections[0].username: must be a text'],
    [{ ...alice, password: 12345, images: ['a'] }, 'sections[0].password: must be a text'],
    [{ ...alice, images: [1] }, 'sections[0].images: must be a list of texts'],
    [{ ...alice, images: ['a'], token: 'x' }, 'sections[0]: it has an unknown key'],
    [{ registry: 'https://reg.example', ...alice, images: ['a'] }, 'sections[0].registry is not a host name'],
  ])('refuse %j', async (section, message) => {
    expect(await failureOf(() => read(section))).toMatchObject({ code: 'usage', message });
    expect(
      await failureOf(() => readSections({} as AuthSection[], { defaultRegistry: 'docker.io' })),
    ).toMatchObject({
      message: 'sections: must be a list of sections',
    });
  });

  it('never show a password, whatever is wrong', async () => {
    const junk = fc.oneof(fc.constant(undefined), fc.integer(), fc.string(), fc.array(fc.string()));
    const secret = fc.string({ minLength: 8 }).map((text) => `s3cr3t${text}`);
    await fc.assert(
      fc.asyncProperty(secret, junk, junk, junk, async (password, username, images, registry) => {
        const error = await failureOf(() =>
          read({ password, username, images, registry, [password]: password }),
        );
        expect(`${error.message}${error.hint}${JSON.stringify(error)}`).not.toContain('s3cr3t');
      }),
    );
  });
});
