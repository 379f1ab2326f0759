import tls, { type SecureContext } from 'node:tls';
import { OciSaveError, systemCodeOf } from '../../errors.ts';

/** A certificate that this client shows where a server asks for one, PEM, with its key. */
export interface ClientCertificate {
  /** Where it stands, for messages. */
  readonly file: string;
  readonly certificate: string;
  readonly key: string;
}

/** What TLS with a host stands on. */
export interface TlsMaterial {
  /** Certificate authorities, PEM. */
  readonly authorities: readonly string[];
  /** Shown to this host alone. */
  readonly clients: readonly ClientCertificate[];
}

/**
 * Finds what TLS with a URL's host stands on. Without it, Node's own list counts.
 * @param verify false where its certificate is not looked at, for which no authorities are needed
 * @throws OciSaveError `local` for a file that cannot be read
 */
export type Trust = (url: URL, verify?: boolean) => Promise<TlsMaterial>;

const contexts = new WeakMap<TlsMaterial, SecureContext>();

/**
 * The context of every connection that stands on the same material: to read a hundred authorities costs more than a
 * handshake. As in Go, and so in skopeo, what is named as an authority is trusted whether it has signed itself or not.
 * @throws OciSaveError `local` for what TLS cannot use
 */
export function contextOf(material: TlsMaterial): SecureContext {
  const known = contexts.get(material) ?? createContext(material);
  contexts.set(material, known);
  return known;
}

function createContext({ authorities, clients }: TlsMaterial): SecureContext {
  try {
    return tls.createSecureContext({
      ca: [...authorities],
      allowPartialTrustChain: true,
      cert: clients.map(({ certificate }) => certificate),
      key: clients.map(({ key }) => key),
    });
  } catch (cause) {
    const code = systemCodeOf(cause);
    if (code === undefined) throw cause;
    const files = clients.map(({ file }) => file).join(', ');
    throw new OciSaveError({
      code: 'local',
      message: `the client certificate ${files} cannot be used (${code})`,
      hint: 'Certificate and key are PEM, the key fits the certificate, and it has no password.',
      cause,
    });
  }
}

/** The authorities that Node has, and on macOS and Windows those of the system, PEM. */
export function ownAuthorities(platform: NodeJS.Platform): readonly string[] {
  const own = tls.getCACertificates('bundled');
  return platform === 'darwin' || platform === 'win32' ? [...own, ...tls.getCACertificates('system')] : own;
}
