import { z } from 'zod';
import { OciSaveError } from '../../errors.ts';
import { quoteReference } from '../../oci/reference-quote.ts';
import { jsonIn } from '../../text/json-in.ts';
import type { Credentials } from './credentials.ts';

/** An auth file's content (containers-auth.json(5), docker's config.json). */
export interface AuthFile {
  readonly path: string;
  readonly auths: ReadonlyMap<string, Credentials>;
  /** Keys whose entry in `auths` is empty: the secret of that login is in `credsStore`. */
  readonly emptyAuths: ReadonlyMap<string, true>;
  /** The helper for a key; empty where the key is kept from `credsStore`. */
  readonly credHelpers: ReadonlyMap<string, string>;
  readonly credsStore: string | undefined;
}

const entrySchema = z
  .looseObject({
    auth: z.string().nullish(),
    username: z.string().nullish(),
    password: z.string().nullish(),
    identitytoken: z.string().nullish(),
  })
  .nullish();

const entriesSchema = z.record(z.string(), entrySchema);

const fileSchema = z.looseObject({
  auths: entriesSchema.nullish(),
  credHelpers: z.record(z.string(), z.string()).nullish(),
  credsStore: z.string().nullish(),
});

type Entry = z.infer<typeof entrySchema>;

function invalid(path: string, why: string): OciSaveError {
  // Neither content nor the parser's message: both would show secrets.
  return new OciSaveError({
    code: 'usage',
    message: `the auth file ${path} ${why}`,
    hint: 'Repair or remove it, or log in again.',
  });
}

/**
 * Reads an auth file. `legacy` is the form of ~/.dockercfg: the entries are at the top level.
 * @throws OciSaveError `usage` that names the file and never shows what is in it.
 */
export function parseAuthFile(text: string, path: string, { legacy = false } = {}): AuthFile {
  // An empty file counts: it means 'none'.
  const json = text.trim() === '' ? {} : jsonIn(text.replace(/^\uFEFF/, ''));
  if (json === undefined) throw invalid(path, 'is not JSON');
  const parsed = fileSchema.safeParse(legacy ? { auths: json } : json);
  if (!parsed.success) {
    const keys = parsed.error.issues[0]?.path.map((key) => quoteReference(String(key)) ?? '…') ?? [];
    const place = keys.length === 0 ? '' : ` at ${keys.join(' › ')}`;
    throw invalid(path, `does not have the form of an auth file${place}`);
  }
  const auths = new Map<string, Credentials>();
  const emptyAuths = new Map<string, true>();
  for (const [key, entry] of Object.entries(parsed.data.auths ?? {})) {
    const credentials = credentialsOf(entry, key, path);
    if (credentials) auths.set(key, credentials);
    else emptyAuths.set(key, true);
  }
  return {
    path,
    auths,
    emptyAuths,
    credHelpers: new Map(Object.entries(parsed.data.credHelpers ?? {})),
    credsStore: parsed.data.credsStore || undefined,
  };
}

function credentialsOf(entry: Entry, key: string, path: string): Credentials | undefined {
  if (!entry) return undefined;
  // Azure's logins have both, with a user name that means nothing.
  if (entry.identitytoken) return { identityToken: entry.identitytoken };
  if (entry.auth) return decodeAuth(entry.auth, key, path);
  const { username, password } = entry;
  return username || password ? { username: username ?? '', password: password ?? '' } : undefined;
}

/** base64 of `user:password`: line breaks inside are accepted, and colons in the password. */
function decodeAuth(auth: string, key: string, path: string): Credentials | undefined {
  const compact = auth.replace(/\s/g, '');
  const decoded = Buffer.from(compact, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(compact) || colon < 0) {
    const named = quoteReference(key) ?? 'a registry';
    throw invalid(path, `has an entry for ${named} that is not base64 of user:password`);
  }
  // docker pads with zero bytes.
  const password = decoded.slice(colon + 1).replace(/^\0+|(?<!\0)\0+$/g, '');
  const username = decoded.slice(0, colon);
  return username === '' && password === '' ? undefined : { username, password };
}
