import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { OciSaveError, systemCodeOf } from '../errors.ts';
import { readBounded } from '../files/index.ts';
import type { ClientCertificate, Environment } from '../http/index.ts';
import { isDomain } from '../oci/reference.ts';
import { readCertificates } from './authorities.ts';

const MAX_KEY_BYTES = 1024 * 1024;

/** Other names of a host that serves images under the name of another one. */
const ALIASES: ReadonlyMap<string, string> = new Map([['registry-1.docker.io', 'docker.io']]);

/** What a host's folder has. */
export interface HostFolder {
  /** Where it is. */
  readonly folder: string;
  /** The names of the files that count, in it. */
  readonly files: readonly string[];
  /** The certificates of `*.crt`. */
  readonly authorities: readonly string[];
  /** Each `*.cert` with its `*.key`. */
  readonly clients: readonly ClientCertificate[];
}

/**
 * The folders that may have one for each host: the one that is named, else those of containers and docker, in the order
 * in which skopeo searches them (containers-certs.d(5)).
 */
export function certsFolders(certsDir: string, env: Environment, etc = '/etc'): readonly string[] {
  if (certsDir !== '') return [certsDir];
  const home = env['HOME'] ?? '';
  return [
    ...(home === '' ? [] : [path.join(home, '.config/containers/certs.d')]),
    path.join(etc, 'containers/certs.d'),
    path.join(etc, 'docker/certs.d'),
  ];
}

/**
 * The first folder that is there for a URL's host, with or without the port that https implies. Only one counts, as with
 * skopeo.
 * @throws OciSaveError `local` for a certificate without its key, and for what cannot be read
 */
export async function readHostFolder(
  folders: readonly string[],
  url: URL,
  platform: NodeJS.Platform = process.platform,
): Promise<HostFolder | undefined> {
  for (const parent of folders) {
    for (const name of namesOf(url)) {
      // No file of Windows has a colon in its name: docker leaves it out.
      const folder = path.join(parent, platform === 'win32' ? name.replaceAll(':', '') : name);
      const files = await filesIn(folder);
      if (files !== undefined) return readFolder(folder, files);
    }
  }
  return undefined;
}

/**
 * What counts for no host in the folder that has one for each: certificates that stand in it, and folders that are called as
 * no host is, such as `localhost_5000`.
 */
export function idleNames(
  folder: string,
  entries: readonly { readonly name: string; readonly isFile: boolean }[],
): string[] {
  const such = 'only files in a folder of the host’s name count, such as registry.example:5000/ca.crt';
  const files = entries.filter(({ name, isFile }) => isFile && CERTIFICATE_FILE.test(name));
  const folders = entries.filter(
    ({ name, isFile }) =>
      !isFile && !name.startsWith('.') && !(isDomain(name) && name === name.toLowerCase()),
  );
  return [
    ...(files.length === 0 ? [] : [`${folder} has ${shownNames(files)} itself: ${such}`]),
    ...(folders.length === 0 ? [] : [`${shownNames(folders)} in ${folder} is called as no host is: ${such}`]),
  ];
}

/** That nothing in a host's folder counts; undefined where something does. */
export function idleIn({ folder, files }: HostFolder): string | undefined {
  if (files.length > 0) return undefined;
  return `${folder} has nothing that counts: an authority is a file NAME.crt, a client NAME.cert with NAME.key`;
}

const CERTIFICATE_FILE = /\.(?:crt|cert|cer|key|pem)$/;
const MAX_SHOWN = 3;

function shownNames(entries: readonly { readonly name: string }[]): string {
  const names = entries.map(({ name }) => name).toSorted();
  return names.slice(0, MAX_SHOWN).join(', ') + (names.length > MAX_SHOWN ? ' …' : '');
}

function namesOf({ host, hostname, port }: URL): readonly string[] {
  const names = [host, `${hostname}:${port || '443'}`, ALIASES.get(hostname) ?? host];
  // A URL's host may be dots alone, which as a folder would be another one.
  return [...new Set(names)].filter((name) => !/^\.+$/.test(name));
}

/** Undefined where there is no such folder, or this user may not see it. */
async function filesIn(folder: string): Promise<string[] | undefined> {
  try {
    return (await readdir(folder)).toSorted();
  } catch (cause) {
    const code = systemCodeOf(cause) ?? '';
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES' || code === 'EPERM') return undefined;
    throw cause;
  }
}

async function readFolder(folder: string, names: readonly string[]): Promise<HostFolder> {
  const present = new Set(names);
  const unpaired = names.find(
    (name) =>
      (name.endsWith('.cert') && !present.has(name.replace(/cert$/, 'key'))) ||
      (name.endsWith('.key') && !present.has(name.replace(/key$/, 'cert'))),
  );
  if (unpaired !== undefined) {
    throw new OciSaveError({
      code: 'local',
      message: `${path.join(folder, unpaired)} is a client's ${unpaired.endsWith('.key') ? 'key without a certificate' : 'certificate without a key'}`,
      hint: 'A client has NAME.cert and NAME.key; an authority is a file NAME.crt.',
    });
  }
  const files = names.filter((name) => /\.(crt|cert|key)$/.test(name));
  const ending = (end: string): string[] => names.filter((name) => name.endsWith(end));
  const authorities: string[] = [];
  for (const name of ending('.crt')) authorities.push(...(await read(folder, name, readCertificates)));
  const clients: ClientCertificate[] = [];
  for (const name of ending('.cert')) {
    const certificate = await read(folder, name, readText);
    const key = await read(folder, name.replace(/cert$/, 'key'), readText);
    clients.push({ file: path.join(folder, name), certificate, key });
  }
  return { folder, files, authorities, clients };
}

async function read<T>(folder: string, name: string, how: (file: string) => Promise<T>): Promise<T> {
  const file = path.join(folder, name);
  try {
    return await how(file);
  } catch (cause) {
    const code = systemCodeOf(cause);
    if (code === undefined) throw cause;
    throw new OciSaveError({ code: 'local', message: `${file} cannot be read (${code})`, cause });
  }
}

async function readText(file: string): Promise<string> {
  return (await readBounded(file, MAX_KEY_BYTES))?.toString('latin1') ?? '';
}
