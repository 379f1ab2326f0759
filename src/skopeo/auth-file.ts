import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Credentials } from '../registry/index.ts';

/**
 * Writes one finished auth file for one registry, readable by this user alone, and returns its path. skopeo gets
 * what we decided and nothing else: it knows no `credsStore`, and an argument can be read by every process.
 */
export async function writeAuthFile(
  folder: string,
  registry: string,
  credentials: Credentials,
): Promise<string> {
  const file = path.join(folder, 'auth.json');
  const entry =
    'identityToken' in credentials
      ? { auth: base64('<token>:'), identitytoken: credentials.identityToken }
      : { auth: base64(`${credentials.username}:${credentials.password}`) };
  await writeFile(file, JSON.stringify({ auths: { [registry]: entry } }), { mode: 0o600 });
  return file;
}

const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');
