import { readdir } from 'node:fs/promises';
import { OciSaveError, systemCodeOf } from '../errors.ts';
import { contextOf, type TlsMaterial } from '../http/index.ts';
import { type AuthorityOptions, readAuthorities } from './authorities.ts';
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
  /** The authorities of every host, PEM. */
  readonly authorities: readonly string[];
  /**
   * What counts for a URL's host, read once.
   * @throws OciSaveError `local` for a folder of `certs-dir` that cannot be used; any other one is passed over with a warning
   */
  readonly of: (url: URL) => Promise<HostMaterial>;
}

/**
 * Reads the authorities of every host; a host's folder is read when the host is first asked.
 * @throws OciSaveError `usage` for a `ca-file` without a certificate, and a `certs-dir` that is no folder
 */
export async function openTrust(options: TrustOptions): Promise<CertificateTrust> {
  const { certsDir, env, etc, onWarning, onRead = () => {} } = options;
  if (certsDir !== '') for (const words of await idleInFolder(certsDir)) onWarning(`certs-dir: ${words}`);
  const authorities = await readAuthorities(options);
  const folders = certsFolders(certsDir, env, etc);
  const everywhere: HostMaterial = { authorities, clients: [], own: undefined };
  const read = async (url: URL): Promise<HostMaterial> => {
    const own = await readHostFolder(folders, url);
    if (own === undefined) {
      if (certsDir !== '') onRead(`certificates for ${url.host}: ${certsDir} has no folder of that name`);
      return everywhere;
    }
    onRead(`certificates for ${url.host}: ${own.folder} gives ${own.files.join(', ') || 'none'}`);
    const idle = certsDir === '' ? undefined : idleIn(own);
    if (idle !== undefined) onWarning(`certs-dir: ${idle}`);
    const material = { authorities: [...authorities, ...own.authorities], clients: own.clients, own };
    contextOf(material);
    return material;
  };
  /** A folder that nobody named, and that cannot be used, is passed over, as other files that are only searched for. */
  const search = async (url: URL): Promise<HostMaterial> => {
    try {
      return await read(url);
    } catch (error) {
      if (!(error instanceof OciSaveError) || certsDir !== '') throw error;
      onWarning(`the certificates for ${url.host} are passed over: ${error.message}`);
      return everywhere;
    }
  };
  const hosts = new Map<string, Promise<HostMaterial>>();
  const of = (url: URL): Promise<HostMaterial> => {
    const known = hosts.get(url.host) ?? search(url);
    hosts.set(url.host, known);
    return known;
  };
  return { authorities, of };
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
