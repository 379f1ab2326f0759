import { opendir, readlink } from 'node:fs/promises';
import path from 'node:path';
import pMap from 'p-map';
import { messageOf, OciSaveError, systemCodeOf } from '../errors.ts';
import { readBounded } from '../files/index.ts';
import { type Environment, ownAuthorities } from '../http/index.ts';
import { certificatesIn } from './pem.ts';

/** Where Linux and BSD distributions keep their authorities in one file, in Go's order (crypto/x509, root_linux.go, root_bsd.go). */
const SYSTEM_FILES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/tls/cacert.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
  '/usr/local/etc/ssl/cert.pem',
];

/** A system's file has some hundred certificates, in some hundred kilobytes. */
const MAX_FILE_BYTES = 8 * 1024 * 1024;
const MAX_FOLDER_FILES = 4096;
const READ_AT_ONCE = 16;

export interface AuthorityOptions {
  readonly env: Environment;
  /** The file of the option; empty where there is none. */
  readonly caFile: string;
  readonly onWarning: (message: string) => void;
  /** For tests. */
  readonly systemFiles?: readonly string[];
  readonly platform?: NodeJS.Platform;
}

/**
 * Opens what has the certificate authorities of every host, PEM, each once: the system's, or Node's own where the system has
 * none, and beside them those of `ca-file`, SSL_CERT_FILE, SSL_CERT_DIR and NODE_EXTRA_CA_CERTS. All but `ca-file` is read
 * when it is first asked for: a folder of authorities costs as much as the other work of a run without changes.
 * @returns what reads them once; what a variable names and is not there is a warning, since other programs pass over it
 * @throws OciSaveError `usage` where `ca-file` gives none
 */
export async function openAuthorities(options: AuthorityOptions): Promise<() => Promise<readonly string[]>> {
  // Several variables often name one file, and the system's.
  const read = reader();
  const named = options.caFile === '' ? [] : await ofOption(options.caFile, read);
  let reading: Promise<readonly string[]> | undefined;
  return () => (reading ??= readAll(options, named, read));
}

async function readAll(
  { env, onWarning, systemFiles = SYSTEM_FILES, platform = process.platform }: AuthorityOptions,
  named: readonly string[],
  read: Read,
): Promise<readonly string[]> {
  const ofVariable = async (name: string, readPlace: Read): Promise<readonly string[]> => {
    const place = env[name] ?? '';
    if (place === '') return [];
    try {
      const found = await readPlace(place);
      if (found.length === 0) onWarning(`${name}: ${place} has no certificate`);
      return found;
    } catch (error) {
      onWarning(`${name}: ${reasonOf(place, error)}`);
      return [];
    }
  };
  const added = [
    ...named,
    ...(await ofVariable('SSL_CERT_FILE', read)),
    ...(await ofVariable('SSL_CERT_DIR', (folders) => readFolders(folders, read))),
    ...(await ofVariable('NODE_EXTRA_CA_CERTS', read)),
  ];
  const system = await ofSystem(systemFiles, platform, read);
  return [...new Set([...(system.length > 0 ? system : ownAuthorities(platform)), ...added])];
}

/** The first of the files that has a certificate. None on macOS and Windows, whose store is no file. */
async function ofSystem(
  files: readonly string[],
  platform: NodeJS.Platform,
  read: Read,
): Promise<readonly string[]> {
  if (platform === 'darwin' || platform === 'win32') return [];
  for (const file of files) {
    try {
      const found = await read(file);
      if (found.length > 0) return found;
    } catch (error) {
      // Go takes the next one, too.
      if (!(error instanceof OciSaveError) && systemCodeOf(error) === undefined) throw error;
    }
  }
  return [];
}

async function ofOption(caFile: string, read: Read): Promise<readonly string[]> {
  const wrong = (message: string, cause?: unknown): OciSaveError =>
    new OciSaveError({
      code: 'usage',
      message: `ca-file: ${message}`,
      hint: 'Name a file of certificates in PEM, which begin with -----BEGIN CERTIFICATE-----.',
      cause,
    });
  let found: readonly string[];
  try {
    found = await read(caFile);
  } catch (error) {
    throw wrong(reasonOf(caFile, error), error);
  }
  if (found.length === 0) throw wrong(`${caFile} has no certificate`);
  return found;
}

/**
 * The certificates of a file.
 * @throws OciSaveError for what is no file or too large; the error of the system
 */
export async function readCertificates(file: string): Promise<string[]> {
  const bytes = await readBounded(file, MAX_FILE_BYTES);
  if (bytes === undefined) throw new OciSaveError({ code: 'local', message: `${file} does not exist` });
  return certificatesIn(bytes.toString('latin1'));
}

/** The certificates in a place. */
type Read = (place: string) => Promise<readonly string[]>;

/** `readCertificates`, which reads each file once. */
function reader(): Read {
  const known = new Map<string, Promise<readonly string[]>>();
  return (file) => {
    const reading = known.get(file) ?? readCertificates(file);
    known.set(file, reading);
    return reading;
  };
}

/** Every certificate in the files of these folders, as Go reads SSL_CERT_DIR; what is no certificate is passed over. */
async function readFolders(folders: string, read: Read): Promise<readonly string[]> {
  const files: { readonly file: string; readonly isLink: boolean }[] = [];
  for (const folder of folders.split(path.delimiter).filter((name) => name !== '')) {
    for await (const entry of await opendir(folder)) {
      if (!entry.isFile() && !entry.isSymbolicLink()) continue;
      files.push({ file: path.join(folder, entry.name), isLink: entry.isSymbolicLink() });
      if (files.length > MAX_FOLDER_FILES)
        throw new OciSaveError({ code: 'local', message: `${folder} has too many files` });
    }
  }
  // A system's folder has a second name for each of its files, the hash of the subject: Go passes over links to a file
  // beside them, too (crypto/x509, root_unix.go, isSameDirSymlink).
  const readOne = async ({ file, isLink }: (typeof files)[number]): Promise<readonly string[]> =>
    isLink && (await leadsBeside(file)) ? [] : readAny(file, read);
  return (await pMap(files, readOne, { concurrency: READ_AT_ONCE })).flat();
}

/** Whether a link names a file of its own folder. */
async function leadsBeside(link: string): Promise<boolean> {
  try {
    return !(await readlink(link)).includes('/');
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error;
    return false;
  }
}

async function readAny(file: string, read: Read): Promise<readonly string[]> {
  try {
    return await read(file);
  } catch (error) {
    if (!(error instanceof OciSaveError) && systemCodeOf(error) === undefined) throw error;
    return [];
  }
}

function reasonOf(place: string, error: unknown): string {
  if (error instanceof OciSaveError) return messageOf(error);
  const code = systemCodeOf(error);
  if (code === undefined) throw error;
  return `${place} cannot be read (${code})`;
}
