import { isAlias, isMap, isScalar, isSeq, parseDocument, type ParsedNode } from 'yaml';
import { OciSaveError } from '../errors.ts';
import { isRepositoryPath, namesRegistry } from '../oci/reference.ts';
import { showText } from '../oci/reference-quote.ts';
import { nearest } from '../text/nearest.ts';
import { Secret } from '../text/secret.ts';

/** One user of a registry, as `credentials` has it. */
export interface Login {
  /** `host`, `host:port`, or either with the first parts of repositories' names. */
  readonly registry: string;
  readonly username: string;
  readonly password: Secret;
  /** Where it stands: `line 2`. */
  readonly place: string;
  /** Of what, where it is not the option itself: `'logins.txt'`. */
  readonly source?: string;
}

/** More would not fit into a variable of the environment, in which a workflow's inputs come. */
const MAX_CHARACTERS = 1024 * 1024;

const FIELDS = ['registry', 'username', 'password'] as const;

/** What other tools call the same. */
const OTHER_KEYS = new Set([
  'user',
  'login',
  'pass',
  'token',
  'secret',
  'host',
  'server',
  'url',
  'address',
  'auth',
  'email',
]);

/** How the YAML or JSON form begins; the line form begins with a host, which may be an IPv6 address in brackets. */
const TREE = /^\s*(?:-(?:\s|$)|\{|\[(?![0-9A-Fa-f:.]+\])|(?:registry|username|password)\s*:)/;

const PREFIX = 'credentials: ';

const FORM =
  'Write registry, username and password, one login a line, or as a list in YAML with these three keys.';

/**
 * Reads `credentials`: a login a line, or a list in YAML or JSON, for passwords with line ends or with blanks at an end.
 * No message shows what is written: even the first word may be a password, where the order is wrong.
 * @param source where the text comes from, as messages name it, where that is not the option itself
 * @throws OciSaveError `usage` with the line of the first login that lacks something or cannot be meant so
 */
export function parseLogins(text: string, source?: string): Login[] {
  if (source === undefined) return loginsIn(text);
  try {
    return loginsIn(text).map((login) => ({ ...login, source }));
  } catch (error) {
    if (!(error instanceof OciSaveError)) throw error;
    const { code, message, hint } = error;
    throw new OciSaveError({
      code,
      message: message.replace(PREFIX, () => `credentials in ${source}: `),
      hint,
    });
  }
}

function loginsIn(text: string): Login[] {
  if (text.length > MAX_CHARACTERS) throw wrong('more than 1 MiB', FORM);
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|[\r\n]/);
  const first = lines.find(isContent);
  if (first === undefined) return [];
  if (TREE.test(first)) return parseTree(text);
  return lines.flatMap((line, at) => (isContent(line) ? [parseLine(line, `line ${at + 1}`)] : []));
}

const isContent = (line: string): boolean => line.trim() !== '' && !/^\s*#|^---\s*$/.test(line);

function parseLine(line: string, place: string): Login {
  const [, registry = '', username, password] = /^(\S+)(?:\s+(\S+)(?:\s+(\S.*))?)?$/s.exec(line.trim()) ?? [];
  if (username === undefined) throw wrong(`${place} has no username and no password`, FORM);
  if (password === undefined) throw wrong(`${place} has no password`, FORM);
  const whole = 'In the YAML form, a password can have quotes and several lines.';
  if (/^\{.*[^}]$|^\{$|^\[[^\]]*$|-----BEGIN /.test(password) || /^(["'])(?:.*[^"'])?$/.test(password)) {
    throw wrong(`the password of ${place} seems to be cut off at the end of the line`, whole);
  }
  if (/^(["']).*\1$/.test(password)) {
    throw wrong(`the password of ${place} is in quotes, which would be a part of it`, whole);
  }
  return checked({ registry, username, password: new Secret(password), place });
}

function parseTree(text: string): Login[] {
  const roots = contentsOf(text);
  if (isMap(roots)) return [loginOf(roots, text)];
  if (!isSeq(roots)) throw wrong('not a list of logins', FORM);
  return roots.items.map((item) => loginOf(item, text));
}

function contentsOf(text: string): ParsedNode | null {
  // Scalars as they are written: `0123` and `true` are passwords, too.
  const document = parseDocument(text, { schema: 'failsafe', prettyErrors: false, logLevel: 'silent' });
  const [error] = document.errors;
  if (error === undefined) return document.contents;
  throw wrong(
    `${lineAt(text, error.pos[0])} is not valid YAML`,
    'A secret with line ends fits as a JSON text: password: ${{ toJSON(secrets.KEY) }}.',
  );
}

function loginOf(node: unknown, text: string): Login {
  if (!isMap(node)) throw wrong('an entry of the list is not a login', FORM);
  const place = lineAt(text, node.range?.[0] ?? 0);
  const fields = new Map(node.items.map(({ key, value }) => [textOf(key), textOf(value)]));
  const other = [...fields.keys()].filter((key) => !FIELDS.some((field) => field === key));
  if (other.length > 0) {
    const named = other.flatMap(shownKey).join('');
    throw wrong(`the login of ${place} has another key than registry, username and password${named}`, FORM);
  }
  const secret = node.items.find(({ key }) => textOf(key) === 'password')?.value;
  if (isCut(secret, text)) {
    throw wrong(
      `the password of ${place} seems to be cut off: YAML reads a part of it as a comment, a name or a tag`,
      'Put the password in quotes.',
    );
  }
  const [registry, username, password] = FIELDS.map((field) => {
    const value = fields.get(field);
    if (value === undefined || value === '') throw wrong(`the login of ${place} has no ${field}`, FORM);
    return value;
  });
  // The end of a block text; docker login --password-stdin drops it, too.
  const bare = password?.replace(/(?<![\r\n])[\r\n]+$/, '');
  if (!registry || !username || !bare) throw wrong(`the login of ${place} has an empty value`, FORM);
  return checked({ registry: registry.trim(), username, password: new Secret(bare), place });
}

/**
 * Another key in a message, where a key was meant: one that resembles a known one, or that other tools have. Any other may
 * be a password, where names and values are mixed up.
 */
function shownKey(key: string | undefined): string[] {
  if (key === undefined) return [];
  const isKey = OTHER_KEYS.has(key.toLowerCase()) || nearest(key, FIELDS) !== undefined;
  return isKey ? [`: ${showText(key)}`] : [];
}

/** Whether YAML took a part of a text without quotes as something else: ` #…` at its end, `&name` or `!tag` before it. */
function isCut(node: unknown, text: string): boolean {
  if (isAlias(node)) return true;
  if (!isScalar(node) || (node.type !== undefined && node.type !== 'PLAIN')) return false;
  const [, end = text.length] = node.range ?? [];
  return node.anchor !== undefined || node.tag !== undefined || /^[\t ]*#/.test(text.slice(end, end + 1024));
}

/** A scalar's text; undefined for anything else. */
function textOf(node: unknown): string | undefined {
  return isScalar(node) && typeof node.value === 'string' ? node.value : undefined;
}

function lineAt(text: string, offset: number): string {
  return `line ${text.slice(0, offset).split('\n').length}`;
}

function checked(login: Login): Login {
  const { registry, username, place } = login;
  const [, scheme = '', rest = ''] = /^(https?:\/\/)?(.*?)\/?$/i.exec(registry) ?? [];
  // As docker writes its keys: https://index.docker.io/v1/.
  const bare = scheme === '' ? rest : rest.replace(/\/v[12]$/, '');
  const path = bare.split('/').slice(1).join('/');
  const isHost = namesRegistry(`${bare}/x`) && /^(?:localhost$|[^/]*[.:])/.test(bare);
  if (!isHost || (path !== '' && (scheme !== '' || !isRepositoryPath(path)))) {
    throw wrong(
      `the first word of ${place} is not a registry`,
      'Write a host with a dot or a port, or host/prefix for the repositories below it.',
    );
  }
  // RFC 7617, 2: what follows the first colon is the password.
  if (username.includes(':')) throw wrong(`the username of ${place} has a colon`, FORM);
  if (/[\r\n]/.test(username)) throw wrong(`the username of ${place} has several lines`, FORM);
  return login;
}

function wrong(what: string, hint: string): OciSaveError {
  return new OciSaveError({ code: 'usage', message: PREFIX + what, hint });
}
