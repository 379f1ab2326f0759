import { readdir } from 'node:fs/promises';
import { OciSaveError, systemCodeOf } from '../errors.ts';
import { contextOf, type TlsMaterial } from '../http/index.ts';
import { type AuthorityOptions, openAuthorities } from './authorities.ts';
import { certsFolders, type HostFolder, idleIn, idleNames, readHostFolder } from './host-folder.ts';

export interface TrustOptions extends AuthorityOptions {
  /** The folder of the option; empty where there is none. */
  readonly certsDir: string;
  /** Told, of each host that is asked, which of its certificates were read; with `certsDir` that there were none, too. */
  readonly onRead?: (message: string) => void;
  /** For tests. */
  readonly etc?: string;
}

/** What a host's folder adds to the authorities of every host. */
export interface HostMaterial extends TlsMaterial {
  /** Undefined where there is none for this host. */
  readonly own: HostFolder | undefined;
}

/** The certificates of a run: the one reading that the built-in client and skopeo take. */
export interface CertificateTrust {
  /** The authorities of every host, PEM, read once. */
  readonly authorities: () => Promise<readonly string[]>;
  /**
   * What counts for a URL's host, read once. Where its certificate is not verified, no authorities are read for it.
   * @throws OciSaveError `local` for a folder of `certs-dir` that cannot be used; any other one is passed over with a warning
   */
  readonly of: (url: URL, verify?: boolean) => Promise<HostMaterial>;
}

/**
 * Opens the certificates of a run. The authorities are read when a host is first verified, a host's folder when the host is
 * first asked.
 * @throws OciSaveError `usage` for a `ca-file` without a certificate, and a `certs-dir` that is no folder
 */
export async function openTrust(options: TrustOptions): Promise<CertificateTrust> {
  const { certsDir, env, etc, onWarning, onRead = () => {} } = options;
  if (certsDir !== '') for (const words of await idleInFolder(certsDir)) onWarning(`certs-dir: ${words}`);
  const authorities = await openAuthorities(options);
  const folders = certsFolders(certsDir, env, etc);
  const read = async (url: URL): Promise<HostFolder | undefined> => {
    const own = await readHostFolder(folders, url);
    if (own === undefined) {
      if (certsDir !== '') onRead(`certificates for ${url.host}: ${certsDir} has no folder of that name`);
      return undefined;
    }
    onRead(`certificates for ${url.host}: ${own.folder} gives ${own.files.join(', ') || 'none'}`);
    const idle = certsDir === '' ? undefined : idleIn(own);
    if (idle !== undefined) onWarning(`certs-dir: ${idle}`);
    // A certificate that cannot be used is told of here.
    contextOf(own);
    return own;
  };
  /** A folder that nobody named, and that cannot be used, is passed over, as other files that are only searched for. */
  const search = async (url: URL): Promise<HostFolder | undefined> => {
    try {
      return await read(url);
    } catch (error) {
      if (!(error instanceof OciSaveError) || certsDir !== '') throw error;
      onWarning(`the certificates for ${url.host} are passed over: ${error.message}`);
      return undefined;
    }
  };
  const found = new Map<string, Promise<HostFolder | undefined>>();
  const folderOf = (url: URL) => once(found, url.host, () => search(url));
  let everywhere: Promise<HostMaterial> | undefined;
  const ofEveryHost = async (): Promise<HostMaterial> => ({ ...NONE, authorities: await authorities() });
  const make = async (url: URL, verify: boolean): Promise<HostMaterial> => {
    const own = await folderOf(url);
    if (own === undefined) return verify ? (everywhere ??= ofEveryHost()) : NONE;
    const all = verify ? await authorities() : [];
    return { authorities: [...all, ...own.authorities], clients: own.clients, own };
  };
  const made = new Map<string, Promise<HostMaterial>>();
  const of: CertificateTrust['of'] = (url, verify = true) =>
    once(made, `${url.host} ${verify}`, () => make(url, verify));
  return { authorities, of };
}

const NONE: HostMaterial = { authorities: [], clients: [], own: undefined };

function once<T>(known: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const one = known.get(key) ?? make();
  known.set(key, one);
  return one;
}

/** What in the folder of `certs-dir` counts for no host, whichever is asked. */
async function idleInFolder(certsDir: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(certsDir, { withFileTypes: true });
    return idleNames(
      certsDir,
      entries.map((entry) => ({ name: entry.name, isFile: entry.isFile() })),
    );
  } catch (cause) {
    const code = systemCodeOf(cause);
    if (code === undefined) throw cause;
    throw new OciSaveError({
      code: 'usage',
      message: `certs-dir: ${certsDir} ${code === 'ENOTDIR' ? 'is not a folder' : `cannot be read (${code})`}`,
      hint: 'Name a folder that has one for each host, such as registry.example:5000/ca.crt.',
      cause,
    });
  }
}
