import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { detailAnnotations, errorWords } from '../../src/action/annotations.ts';
import { asInput } from '../../src/options/index.ts';
import { renderError, renderErrorSummary } from '../../src/view/index.ts';
import { OciSaveError } from '../../src/errors.ts';
import { FORMATS } from '../../src/list/formats/formats.ts';
import { readLists } from '../../src/list/index.ts';
import { quoteReference } from '../../src/oci/reference-quote.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';

let temp: TempFolder;
beforeAll(async () => {
  temp = await tempFolder('secret-lists');
});
afterAll(() => temp.close());

/** A file with secrets, and the values in it that nobody may see. */
interface SecretFile {
  readonly text: string;
  readonly values: readonly string[];
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const charsOf = (alphabet: string, minLength: number, maxLength: number): fc.Arbitrary<string> =>
  // Not as a string: those have words of our own stack traces in them.
  fc
    .array(fc.constantFrom(...alphabet.split('')), { minLength, maxLength })
    .map((letters) => letters.join(''));
/** Without a digit, or in one case alone, a text of this length is no key that a program made. */
const looksMade = (text: string): boolean =>
  text.length < 20 || [/[a-z]/, /[A-Z]/, /\d/].every((kind) => kind.test(text));
const base64 = (min: number, max: number): fc.Arbitrary<string> =>
  charsOf(`${LETTERS}0123456789+/`, min, max).filter(looksMade);
/** As JWTs have it (RFC 7515): with a slash, what is left of one could be a host and a name. */
const base64url = (min: number, max: number): fc.Arbitrary<string> =>
  charsOf(`${LETTERS}0123456789-_`, min, max).filter(looksMade);
const token = charsOf(`${LETTERS}0123456789`, 20, 60).filter(looksMade);
const hex = charsOf('0123456789abcdef', 32, 64);
/** What people choose, and what managers of passwords make. */
const password = fc.oneof(charsOf(`${LETTERS}0123456789!#%&*+-/:;<=>?@^_~.$,`, 12, 40), token, hex);
const label = fc.constantFrom('RSA PRIVATE KEY', 'OPENSSH PRIVATE KEY', 'PRIVATE KEY', 'CERTIFICATE');

const pem = fc
  .tuple(label, fc.array(base64(64, 64), { minLength: 1, maxLength: 5 }), base64(1, 63))
  .map(([name, lines, last]): SecretFile => ({
    text: [`-----BEGIN ${name}-----`, ...lines, last, `-----END ${name}-----`, ''].join('\n'),
    values: [...lines, last],
  }));

/** Text after an indentation, since JSON files come pretty and in one line. */
const json = (value: unknown, pretty: boolean): string => JSON.stringify(value, null, pretty ? 2 : 0);

const serviceAccount = fc.tuple(pem, hex, fc.boolean()).map(([key, id, pretty]): SecretFile => ({
  text: json({ type: 'service_account', private_key_id: id, private_key: key.text }, pretty),
  values: [id, ...key.values],
}));

const dockerConfig = fc
  .tuple(base64(20, 60), password, fc.boolean(), fc.boolean())
  .map(([auth, secret, pretty, legacy]): SecretFile => {
    const auths = { 'ghcr.io': { auth }, 'quay.io': { username: 'robot', password: secret } };
    return { text: json(legacy ? auths : { auths }, pretty), values: [auth, secret] };
  });

const dotEnv = fc.tuple(password, token, fc.boolean()).map(([secret, key, quotes]): SecretFile => ({
  text: [
    '# production',
    `DB_PASSWORD=${quotes ? `"${secret}"` : secret}`,
    `export API_TOKEN=${key}`,
    `DATABASE_URL=postgres://app:${key}@db.example:5432/app`,
    '',
  ].join('\n'),
  values: [secret, key],
}));

const npmrc = fc.tuple(token, base64(20, 60)).map(([key, auth]): SecretFile => ({
  text: `registry=https://npm.example/\n//npm.example/:_authToken=npm_${key}\n_auth=${auth}\nalways-auth=true\n`,
  values: [key, auth],
}));

const kubeconfig = fc.tuple(base64(80, 200), token, password).map(([key, bearer, secret]): SecretFile => ({
  text: [
    'apiVersion: v1',
    'kind: Config',
    'users:',
    '- name: admin',
    '  user:',
    `    client-key-data: ${key}`,
    `    token: ${bearer}`,
    `    password: ${JSON.stringify(secret)}`,
    '',
  ].join('\n'),
  values: [key, bearer, secret],
}));

const netrc = fc.tuple(password, token, fc.boolean()).map(([secret, key, lines]): SecretFile => ({
  text: `machine api.example login me password ${secret}\nmachine b.example${lines ? '\n  login x\n  password' : ' login x password'} ${key}\n`,
  values: [secret, key],
}));

const sshPublic = base64(60, 300).map((key): SecretFile => ({
  text: `ssh-ed25519 ${key} me@host.example\n`,
  values: [key],
}));

const bare = fc
  .oneof(
    base64(40, 200),
    token.map((text) => `ghp_${text}`),
    fc.tuple(base64url(30, 60), base64url(60, 90)).map((parts) => `eyJ${parts.join('.eyJ')}`),
    charsOf('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', 16, 16).map((text) => `AKIA${text}`),
  )
  .map((text): SecretFile => ({ text: `${text}\n`, values: [text] }));

const FILES = {
  'a PEM block': pem,
  "a service account's JSON": serviceAccount,
  "docker's config.json": dockerConfig,
  'a .env file': dotEnv,
  'an .npmrc': npmrc,
  'a kubeconfig': kubeconfig,
  'a .netrc': netrc,
  'a public key of SSH': sshPublic,
  'a token alone': bare,
} as const;

/** Every way in which a run shows an error, or what it goes on with. */
async function shownFor(text: string, format: string, strictTags: boolean): Promise<string> {
  const folder = path.join(temp.path, 'lists');
  await mkdir(folder, { recursive: true });
  const file = path.join(folder, 'images.txt');
  await writeFile(file, text);
  const inputs = { images: [], files: [file], format, defaultRegistry: 'docker.io', strictTags };
  try {
    return JSON.stringify(await readLists({ ...inputs, onCandidate: 'report' }));
  } catch (error) {
    if (!(error instanceof OciSaveError)) throw error;
    return [
      renderError(error, { color: false, verbose: true }),
      JSON.stringify(detailAnnotations(error.details, () => 'images.txt')),
      errorWords(error),
      renderErrorSummary(error, asInput),
    ].join('\n');
  }
}

/** Eight characters in a row of a secret that stand in a text. */
function leakIn(shown: string, values: readonly string[]): string | undefined {
  return values
    .flatMap((value) =>
      Array.from({ length: Math.max(0, value.length - 7) }, (_, at) => value.slice(at, at + 8)),
    )
    .find((run) => shown.includes(run));
}

describe('found B3: a file with secrets, given as a list', () => {
  const formats = ['auto', ...FORMATS.map(({ name }) => name)];
  it.each(Object.entries(FILES))('shows nothing of %s', async (_, files) => {
    const format = fc.oneof(fc.constantFrom('auto', 'plain', 'list'), fc.constantFrom(...formats));
    await fc.assert(
      fc.asyncProperty(files, format, fc.boolean(), async ({ text, values }, name, strict) => {
        expect(leakIn(await shownFor(text, name, strict), values)).toBeUndefined();
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    ['a .pgpass', 'db.internal:5432:prod:app:hunter2-Sommer\ndb.example:5432:shop:me:Winter-is-here-9\n'],
    [
      'a key of PuTTY',
      'PuTTY-User-Key-File-3: ssh-rsa\nEncryption: none\nPublic-Lines: 1\nAAAAB3NzaC1yc2E\n',
    ],
    ['a key of SSH2', '---- BEGIN SSH2 PUBLIC KEY ----\nAAAAB3NzaC1yc2E\n---- END SSH2 PUBLIC KEY ----\n'],
  ])('shows nothing of %s', async (_, text) => {
    const values = text.split(/[\n ]/).flatMap((line) => line.split(':').slice(-1));
    const secrets = values.filter((value) => /hunter2|Winter|AAAA/.test(value));
    expect(secrets.length).toBeGreaterThan(0);
    for (const format of ['auto', 'plain'])
      expect(leakIn(await shownFor(text, format, false), secrets)).toBeUndefined();
  });

  it('is not taken for an image where a slash in it makes a host of capital letters', async () => {
    const key = 'AKWJALRXUTNFEMIKX7MDENGXBPXRFICYEXAM/8goa8';
    const shown = await shownFor(`quay.io/a/b:1\n${key}\nFoo/9aa/9a/aaa8a\n`, 'plain', false);
    expect(leakIn(shown, [key])).toBeUndefined();
    expect(shown).toContain('images.txt:2: a text of 42 characters that looks like a secret');
    expect(shown).not.toContain('images.txt:3');
  });

  it('is reported without itself among good lines, which are quoted', async () => {
    const key = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
    const shown = await shownFor(`quay.io/a/b:1\nFoo/BAR:1\n${key}\n`, 'plain', false);
    expect(shown).toContain(
      "images.txt:2: 'Foo/BAR:1' is not an image reference: repository names are lower case",
    );
    expect(shown).toContain(
      'images.txt:3: a text of 40 characters that looks like a secret is not an image reference',
    );
    expect(leakIn(shown, [key])).toBeUndefined();
  });
});

describe('a text of a list', () => {
  it.each([
    'Foo/BAR:1',
    'registry.example:5000/team/app:RELEASE.2025-03-12T18-04-18Z',
    'quay.io/acme/app:v1.2.3-rc.1+build.7',
    `quay.io/acme/app@sha256:${'0a'.repeat(32)}`,
    'myCompany/myTeam/myApp:1',
    'k8s.gcr.io/kubernetes-dashboard-amd64:v1.10.1',
    '${REGISTRY}/app:1',
    '<none>:<none>',
    'Acme/auth-token:1',
    '[2001:DB8::1]:5000/X',
  ])('is quoted: %s', (text) => {
    expect(quoteReference(text)).toBe(text.length > 80 ? `${text.slice(0, 77)}…` : text);
  });

  it.each([
    'AKIAIOSFODNN7EXAMPLE',
    'ghp_16C7e42F292c6912E7710c838347Ae178B4a',
    'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0',
    '-----BEGIN',
    'token:abcdefgh',
    'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    '"private_key":"x"',
    '5f4dcc3b5aa765d61d8327deb882cf99',
    'DB_PASSWORD=Some:more@AAAAAAAA',
    'https://me:pa#ss@word@x.example/a',
  ])('is not quoted: %s', (text) => {
    expect(quoteReference(text)).toBeUndefined();
  });

  it.each([
    ['password=hunter2', 'password…'],
    ['-----BEGIN CERTIFICATE-----', '…'],
    ['https://me:hunter2@x.example/a', '…@x.example/a'],
    ['x.example/a?token=hunter2', 'x.example/a…'],
    ['x.example/a hunter2', 'x.example/a …'],
  ])('is quoted in part: %s', (text, quoted) => {
    expect(quoteReference(text)).toBe(quoted);
  });
});
