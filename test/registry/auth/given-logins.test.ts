import { describe, expect, it } from 'vitest';
import { type GivenLogin, givenLogins, idleLogins } from '../../../src/registry/index.ts';
import { Secret } from '../../../src/text/secret.ts';
import { failureOf } from '../support.ts';

const login = (registry: string, username: string, line = 1): GivenLogin => ({
  registry,
  username,
  password: new Secret('SECRET'),
  place: `line ${line}`,
});

describe('the logins of credentials', () => {
  const store = givenLogins([
    login('r.example:5000', 'all', 1),
    login('r.example:5000/team-a', 'a', 2),
    login('R.example:5000/team-a/deep/', 'deep', 3),
    login('https://index.docker.io/v1/', 'hub', 4),
    login('docker.io/acme', 'acme', 5),
  ]);

  it.each([
    ['r.example:5000', 'other/app', 'all'],
    ['r.example:5000', 'team-a/app', 'a'],
    ['r.example:5000', 'team-a', 'a'],
    ['r.example:5000', 'team-ab/app', 'all'],
    ['r.example:5000', 'team-a/deep/app', 'deep'],
    ['docker.io', 'library/busybox', 'hub'],
    ['docker.io', 'acme/app', 'acme'],
    ['r.example', 'team-a/app', undefined],
  ])('T3: of %s/%s are those of %s', async (domain, path, username) => {
    expect(await store.find({ domain, path })).toEqual(
      username === undefined ? undefined : expect.objectContaining({ username }),
    );
  });

  it('case E3: say where they stand', async () => {
    const found = await store.find({ domain: 'docker.io', path: 'acme/app' });
    expect(found?.from).toEqual({
      words: "line 5 of credentials, for 'docker.io/acme'",
      option: 'credentials',
    });
  });

  it.each([
    ['r.example', 'r.example'],
    ['docker.io', 'registry-1.docker.io'],
    ['r.example/a', 'R.EXAMPLE/a/'],
  ])('are refused where %s and %s are the same', async (first, second) => {
    const error = await failureOf(async () => givenLogins([login(first, 'a', 2), login(second, 'b', 7)]));
    expect([error.code, error.message]).toEqual([
      'usage',
      expect.stringMatching(/^credentials: line 2 and line 7 are both for /),
    ]);
    expect(JSON.stringify([error.message, error.hint])).not.toContain('SECRET');
  });

  it('T3: name the file where they stand, where two are for one prefix or one is for no repository', async () => {
    const inFile = [login('r.example', 'a', 2), login('r.example', 'b', 7)].map((one) => ({
      ...one,
      source: "'logins.txt'",
    }));
    const error = await failureOf(async () => givenLogins(inFile));
    expect(error.message).toMatch(/^credentials in 'logins.txt': line 2 and line 7 are both for /);
    expect(idleLogins(inFile.slice(1), [], [])).toEqual([
      "credentials in 'logins.txt': line 7, for 'r.example',",
    ]);
  });
});
