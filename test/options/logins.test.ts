import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { OciSaveError } from '../../src/errors.ts';
import { parseOptions } from '../../src/options/index.ts';

const parse = (credentials: string) =>
  parseOptions({ images: 'a', credentials }).credentials.map(({ password, ...login }) => ({
    ...login,
    password: password.reveal(),
  }));

function refusal(credentials: string): OciSaveError {
  try {
    parse(credentials);
  } catch (error) {
    if (error instanceof OciSaveError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

const KEY = JSON.stringify({ type: 'service_account', key: '-----BEGIN KEY-----\na b=\n' }, null, 2);

describe('credentials as lines', () => {
  it('T9: keep every character of users and passwords', () => {
    const text = String.raw`
# a comment
  ghcr.io  robot$acme+ci@x\y  two  words # and "all" %41 $HOME 'it' a:b
registry.example:5000/team-a _json_key {"type": "service_account", "n": 1}
docker.io u  p,a
`;
    expect(parse(text)).toEqual([
      {
        registry: 'ghcr.io',
        username: String.raw`robot$acme+ci@x\y`,
        password: `two  words # and "all" %41 $HOME 'it' a:b`,
        place: 'line 3',
      },
      {
        registry: 'registry.example:5000/team-a',
        username: '_json_key',
        password: '{"type": "service_account", "n": 1}',
        place: 'line 4',
      },
      { registry: 'docker.io', username: 'u', password: 'p,a', place: 'line 5' },
    ]);
  });

  it('may have blanks and odd line ends inside of a password, however many', () => {
    const password = `a${' '.repeat(900_000)}b\u2028c`;
    expect(parse(`r.example u ${password} `)).toEqual([
      { registry: 'r.example', username: 'u', password, place: 'line 1' },
    ]);
  });

  it.each(['', ' \n', '# nothing\r\n\r\n'])('may be none: %j', (text) => expect(parse(text)).toEqual([]));

  it.each([
    ['T4: no username', 'ghcr.io u SECRET\nghcr.io/a', 'line 2 has no username and no password'],
    ['T4: no password', 'ghcr.io\tSECRET\t', 'line 1 has no password'],
    ['no registry', 'SECRET u p', 'the first word of line 1 is not a registry'],
    ['no registry but a prefix', 'secret/SECRET u p', 'the first word of line 1 is not a registry'],
    ['a scheme with a path', 'https://r.example/SECRET u p', 'the first word of line 1 is not a registry'],
    ['a path that no repository has', 'r.example/SECRET/ü u p', 'the first word of line 1 is not a registry'],
    ['a user with a colon', 'r.example u:SECRET p', 'the username of line 1 has a colon'],
    [
      'an open brace',
      'r.example _json_key {\n  "SECRET": 1\n}',
      'the password of line 1 seems to be cut off',
    ],
    ['an open object', 'r.example u {"SECRET": 1,', 'the password of line 1 seems to be cut off'],
    ['an open quote', 'r.example u "SECRET', 'the password of line 1 seems to be cut off'],
    ['a quote alone', 'r.example u "', 'the password of line 1 seems to be cut off'],
    [
      'the head of a key',
      'r.example u -----BEGIN SECRET KEY-----',
      'the password of line 1 seems to be cut off',
    ],
    ['quotes around it', `r.example u 'SECRET x'`, 'the password of line 1 is in quotes'],
    ['a megabyte', `r.example u ${'SECRET'.repeat(200_000)}`, 'more than 1 MiB'],
  ])('case E5: are refused for %s, without a word of theirs', (_, text, message) => {
    const error = refusal(text);
    expect([error.code, error.message]).toEqual([
      'usage',
      expect.stringContaining(`credentials: ${message}`),
    ]);
    expect(JSON.stringify([error.message, error.hint, error.cause])).not.toContain('SECRET');
  });
});

const UNQUOTED = 'registry: r.example\n  username: u\n  password: ';

describe('credentials in YAML', () => {
  const login = { registry: 'gcr.io', username: '_json_key', password: KEY };

  it.each([
    ['a block', `- registry: gcr.io\n  username: _json_key\n  password: |\n${KEY.replace(/^/gm, '    ')}\n`],
    ['a JSON text', `- registry: gcr.io\n  username: _json_key\n  password: ${JSON.stringify(KEY)}\n`],
    ['JSON', JSON.stringify([login])],
    ['one login alone', `# one\nregistry: gcr.io\nusername: _json_key\npassword: ${JSON.stringify(KEY)}`],
    ['a document with a head', `---\n- ${JSON.stringify(login)}`],
  ])('T9: have passwords of several lines: %s', (_, text) => {
    expect(parse(text)).toEqual([{ ...login, place: expect.stringMatching(/^line [12]$/) }]);
  });

  it.each([
    ['"secr et" # ours', 'secr et'],
    ["'secr et #42zz' #ours", 'secr et #42zz'],
    ['>- # ours\n    secr#et\n', 'secr#et'],
    ['secr#et', 'secr#et'],
    ['secret\n# ours', 'secret'],
    ['secret\n  # ours\n', 'secret'],
  ])('may have a comment where it cannot be a part of the password: %j', (written, password) => {
    expect(parse(`- ${UNQUOTED}${written}`)).toMatchObject([{ password }]);
  });

  it('are texts as they are written, blanks at the ends included', () => {
    const text = `
- {registry: r.example/a, username: 0123, password: true}
- registry: r.example/b
  username: robot$a+b
  password: "  p \\" "
`;
    expect(parse(text)).toEqual([
      { registry: 'r.example/a', username: '0123', password: 'true', place: 'line 2' },
      { registry: 'r.example/b', username: 'robot$a+b', password: '  p " ', place: 'line 3' },
    ]);
  });

  it.each([
    ['T4: no username', '- registry: r.example\n  password: SECRET', 'the login of line 1 has no username'],
    ['T4: no password', '- {registry: r.example, username: SECRET}', 'the login of line 1 has no password'],
    [
      'T4: an empty password',
      '- {registry: r.example, username: SECRET, password: ""}',
      'the login of line 1 has no',
    ],
    [
      'a list as password',
      '- {registry: r.example, username: u, password: [SECRET]}',
      'the login of line 1 has no',
    ],
    ['another key', '- {registry: r.example, username: u, passwort: SECRET}', 'has another key than'],
    [
      'a key of another tool',
      '- {registry: r.example, user: SECRET, password: SECRET}',
      "than registry, username and password: 'user'",
    ],
    ['a misspelt key', '- {registry: r.example, username: u, Passwort: SECRET}', "password: 'Passwort'"],
    [
      'a key that may be a password',
      '- {registry: r.example, username: u, SECRETpw99: password}',
      expect.stringMatching(/username and password$/),
    ],
    [
      'a comment after the password',
      `- ${UNQUOTED}secr et #SECRET`,
      'the password of line 1 seems to be cut off',
    ],
    ['a comment in its place', `- ${UNQUOTED}#SECRET\n`, 'the password of line 1 seems to be cut off'],
    ['a comment in braces', `- {${UNQUOTED.replaceAll('\n ', ',')}abcd #SECRET\n  }`, 'seems to be cut off'],
    ['a name before it', `- ${UNQUOTED}&SECRET rest`, 'seems to be cut off'],
    ['a name for another', `- ${UNQUOTED}*SECRET`, ''],
    ['a tag before it', `- ${UNQUOTED}!SECRET rest`, 'seems to be cut off'],
    ['a text among logins', '- SECRET', 'an entry of the list is not a login'],
    ['what is no YAML', '- registry: r.example\n  username: "SECRET\n', 'is not valid YAML'],
    [
      'a key of several lines that was put in place',
      `- registry: gcr.io\n  username: _json_key\n  password: {\n  "type": "SECRET",\n}\n`,
      'is not valid YAML',
    ],
    [
      'a user of two lines',
      '- {registry: r.example, username: "a\\nb", password: SECRET}',
      'has several lines',
    ],
  ])('case E5: are refused for %s, without a word of theirs', (_, text, message) => {
    const error = refusal(text);
    const expected = typeof message === 'string' ? expect.stringContaining(message) : message;
    expect([error.code, error.message]).toEqual(['usage', expected]);
    expect(JSON.stringify([error.message, error.hint, error.cause])).not.toContain('SECRET');
  });
});

it('T7: the options of a run show no password, however they are printed', () => {
  const options = parseOptions({ images: 'a', credentials: 'r.example u CANARY' });
  const [login] = options.credentials;
  for (const text of [
    JSON.stringify(options),
    inspect(options, { depth: 9, showHidden: true }),
    String(login?.password),
  ]) {
    expect(text).not.toContain('CANARY');
  }
});
