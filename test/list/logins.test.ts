import { describe, expect, it } from 'vitest';
import { readLists, type ListInputs } from '../../src/list/index.ts';
import { parseList } from '../../src/list/parse-list.ts';
import { withListLogins, apartFrom, givenLogins, type GivenLogin } from '../../src/registry/index.ts';
import { Secret } from '../../src/text/secret.ts';
import { setsOf } from '../support/list-sets.ts';
import { failureOf } from '../registry/support.ts';

const INPUTS: ListInputs = {
  images: [],
  files: [],
  format: 'auto',
  defaultRegistry: 'docker.io',
  strictTags: false,
  onCandidate: 'report',
};

/** A list with a user for each of some repositories. */
function list(
  file: string,
  users: Readonly<Record<string, string>>,
  vars: Readonly<Record<string, string>> = {},
) {
  const text = `auth:\n${Object.entries(users)
    .map(([scope, user]) => `  ${scope}: {username: ${user}, password: "${user}-password"}\n`)
    .join('')}images:\n  registry.example/a:1: x.example/a\n`;
  const variables = { given: new Map(Object.entries(vars)) };
  return { file, ...parseList(new TextEncoder().encode(text), file, { ...INPUTS, variables }) };
}

describe('L18: users of lists', () => {
  it('are joined: one for a key, and a warning of each list that has passwords', async () => {
    const lists = [
      list('a.yaml', { 'registry.example': 'ann', 'registry.example/team': 'ben' }),
      list('b.yaml', { 'registry.example': 'ann' }),
    ];
    const joined = await readLists({ ...INPUTS, lists });
    expect(joined.logins.map(({ registry, username, origin }) => [registry, username, origin.file])).toEqual([
      ['registry.example', 'ann', 'a.yaml'],
      ['registry.example/team', 'ben', 'a.yaml'],
    ]);
    expect(joined.warnings.map(({ message, origin }) => `${origin.file}:${origin.line}: ${message}`)).toEqual(
      [
        'a.yaml:2: it holds the passwords of 2 users: whoever can read the list can read them',
        'b.yaml:2: it holds the passwords of 1 user: whoever can read the list can read them',
      ],
    );
    expect(JSON.stringify(joined)).not.toContain('-password');
  });

  it('are an error with both places where two are for one key', async () => {
    const lists = [
      list('a.yaml', { 'registry.example/x': 'ann' }),
      list('b.yaml', { 'registry.example/x': 'ben' }),
    ];
    const error = await failureOf(readLists({ ...INPUTS, lists }));
    expect(error.message).toBe(`b.yaml:2: another user for 'registry.example/x' stands in a.yaml:2`);
  });

  it('have values of variables, which are of any kind, and then no password is in the list', async () => {
    const text = `auth:
  \${HOST}/team: {username: $ROBOT, password: "\${PASSWORD}"}
images:
  \${HOST}/team/a:1: x.example/a
`;
    const vars = { HOST: 'Registry.Example:5000', ROBOT: 'robot$ci', PASSWORD: 'four words, and "more"' };
    expect(setsOf(text, 'list.yaml', 'auto', vars)).toEqual({
      format: 'image-syncer',
      requests: ['4 registry.example:5000/team/a:1'],
      logins: ['2 registry.example:5000/team robot$ci:four words, and "more"'],
      ignored: ['targets'],
    });
    const variables = { given: new Map(Object.entries(vars)) };
    const parsed = parseList(new TextEncoder().encode(text), 'list.yaml', { ...INPUTS, variables });
    const joined = await readLists({ ...INPUTS, lists: [{ file: 'list.yaml', ...parsed }] });
    expect(joined.warnings).toEqual([]);
  });

  it('are not used without the values of their variables, which is warned of', () => {
    const text = `- {registry: r.example, username: $ROBOT, password: "\${PASSWORD}", images: ["r.example/a:1"]}\n`;
    const { logins, warnings } = setsOf(text);
    expect([logins, warnings]).toEqual([
      undefined,
      ["1 the user of 'r.example/a' is not used: the variable PASSWORD has no value"],
    ]);
  });
});

const login = (registry: string, username: string): GivenLogin => ({
  registry,
  username,
  password: new Secret(`${username}-password`),
  place: 'line 1',
});
const userOf = async (
  store: ReturnType<typeof givenLogins>,
  domain: string,
  path: string,
): Promise<string> => {
  const found = await store.find({ domain, path });
  return found !== undefined && 'username' in found ? found.username : 'none';
};

describe('L18: users of lists beside those of the option', () => {
  const own = [login('registry.example', 'own'), login('docker.io', 'hub')];
  const listed = [
    login('registry.example', 'listed'),
    login('registry.example/team', 'team'),
    login('index.docker.io', 'other'),
    login('quay.io', 'quay'),
  ];
  const all = givenLogins(withListLogins(own, listed));

  it.each([
    ['registry.example', 'x', 'own'],
    ['registry.example', 'team/x', 'team'],
    ['docker.io', 'library/x', 'hub'],
    ['quay.io', 'a/b', 'quay'],
    ['ghcr.io', 'a/b', 'none'],
  ])('are for %s/%s: %s', async (domain, path, user) => {
    expect(await userOf(all, domain, path)).toBe(user);
  });

  it.each([
    [{ domain: 'registry.example', prefix: 'team' }, 'team/x', 'own'],
    [{ domain: 'registry.example', prefix: 'team' }, 'team', 'own'],
    [{ domain: 'registry.example', prefix: 'tea' }, 'team/x', 'team'],
    [{ domain: 'registry.example', prefix: '' }, 'team/x', 'own'],
    [{ domain: 'other.example', prefix: '' }, 'team/x', 'team'],
  ])('push nothing: %j, %s by %s', async (target, path, user) => {
    const store = apartFrom([target], givenLogins(own), all);
    expect(await userOf(store, 'registry.example', path)).toBe(user);
  });
});
