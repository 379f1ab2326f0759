import { createReadStream, type ReadStream } from 'node:fs';
import { type FileHandle, open, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { systemCodeOf } from '../errors.ts';
import type { Credentials } from '../registry/index.ts';

/** The credentials of one skopeo process. */
export interface SkopeoAuth {
  /** The path that skopeo gets. */
  readonly file: string;
  /** Its standard input, where the file has no name. */
  readonly stdin?: ReadStream;
  /** Closes what has no name. A file that has one goes with its folder. */
  close(): Promise<void>;
}

/** Where Linux shows a process its own descriptors. A file is opened anew there, from its start, also one without a name. */
const DESCRIPTORS = '/proc/self/fd';

/**
 * Makes one finished auth file for one registry. skopeo gets what we decided and nothing else: it does not know
 * `credsStore`, and every process can read an argument. The file loses its name before anything is written to it, so
 * that nothing of it is left where this process is killed. Where the system cannot open it again, it is an ordinary file
 * that this user alone can read.
 * @param folder the copy's own
 * @param descriptors for tests
 */
export async function openAuthFile(
  folder: string,
  registry: string,
  credentials: Credentials,
  descriptors = DESCRIPTORS,
): Promise<SkopeoAuth> {
  const file = path.join(folder, 'auth.json');
  const text = authFileOf(registry, credentials);
  const handle = await open(file, 'wx+', 0o600);
  try {
    await rm(file);
    await handle.writeFile(text);
    if (await opensAgain(handle, descriptors, text)) {
      const stdin = createReadStream(file, { fd: handle.fd, autoClose: false });
      return { file: path.join(descriptors, '0'), stdin, close: () => handle.close() };
    }
  } catch (error) {
    await handle.close();
    throw error;
  }
  await handle.close();
  await writeFile(file, text, { mode: 0o600, flag: 'wx' });
  return { file, close: async () => {} };
}

async function opensAgain({ fd }: FileHandle, descriptors: string, text: string): Promise<boolean> {
  try {
    return (await readFile(path.join(descriptors, String(fd)), 'utf8')) === text;
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error;
    return false;
  }
}

function authFileOf(registry: string, credentials: Credentials): string {
  const entry =
    'identityToken' in credentials
      ? { auth: base64('<token>:'), identitytoken: credentials.identityToken }
      : { auth: base64(`${credentials.username}:${credentials.password}`) };
  return JSON.stringify({ auths: { [registry]: entry } });
}

const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');
