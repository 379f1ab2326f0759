import { isIPv6 } from 'node:net';
import { OciSaveError } from '../errors.ts';
import { isDomain } from '../oci/reference.ts';
import { quoteText } from '../oci/quote-text.ts';
import { registryHost } from './repository.ts';

const PORTS = { 'https:': '443', 'http:': '80' } as const;

/**
 * The address at which a domain is asked.
 * @throws OciSaveError `unsupported` where a URL reads another host or port in it (`127.1`, `host:99999`): credentials
 *   are looked up by the domain, and would go there
 */
export function registryUrl(domain: string, protocol: 'https:' | 'http:'): URL {
  const host = registryHost(domain);
  const url = isDomain(domain) ? URL.parse(`${protocol}//${host}`) : null;
  if (url !== null && isSameHost(url, host, PORTS[protocol])) return url;
  throw new OciSaveError({
    code: 'unsupported',
    message: `${quoteText(domain)} is not a valid registry; nothing was sent to it`,
    hint: 'Write host or host:port, with a port up to 65535 and an address in its usual form.',
  });
}

function isSameHost({ hostname, port, pathname }: URL, host: string, defaultPort: string): boolean {
  const [, name = '', written] = /^(.*?)(?::(\d+))?$/.exec(host) ?? [];
  // An IPv6 address has several forms, and brackets keep it one.
  const address = /^\[(.*)\]$/.exec(name)?.[1];
  const sameName = address === undefined ? hostname === name.toLowerCase() : isIPv6(address);
  return sameName && (port || defaultPort) === (written ?? defaultPort) && pathname === '/';
}
