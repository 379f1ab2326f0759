import { BlockList, isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { OciSaveError } from '../errors.ts';

/** Environment variables, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The proxies of an environment, under the one spelling that both this client and skopeo read. */
export type Proxies = Readonly<Partial<Record<'HTTP_PROXY' | 'HTTPS_PROXY' | 'NO_PROXY', string>>>;

/** The way to an origin that is not reached directly. */
export interface Proxy {
  /** The variable that names it, in the user's own spelling. */
  readonly variable: string;
  /** With user and password. */
  readonly address: string;
}

/**
 * Reads HTTP_PROXY, HTTPS_PROXY and NO_PROXY. Node and skopeo differ where both spellings are set, and in what they take
 * as an address: after this they cannot. The lower case comes first and an address may lack its `http://`, as with curl;
 * HTTP_PROXY counts for nothing in a CGI program, where a request's header `Proxy` sets it. The names of NO_PROXY may
 * have blanks between them, as with curl.
 * @throws OciSaveError `usage` for what is not a proxy that is supported; nothing of it is shown, since it may have a
 *   password
 */
export function readProxies(env: Environment): Proxies {
  const names = (named(env, 'NO_PROXY')?.value ?? '').split(/[\s,]+/).filter((name) => name !== '');
  // Nothing goes by a proxy then.
  if (names.includes('*')) return { NO_PROXY: '*' };
  const proxies: Partial<Record<keyof Proxies, string>> = {};
  for (const variable of ['HTTP_PROXY', 'HTTPS_PROXY'] as const) {
    const proxy = proxyOf(env, variable);
    if (proxy !== undefined) proxies[variable] = proxy.address;
  }
  return names.length === 0 ? proxies : { ...proxies, NO_PROXY: names.join(',') };
}

/**
 * The proxy by which a URL is asked, undefined where none is. The host counts as the URL has it: it is not looked up.
 * @throws OciSaveError `usage` as `readProxies`
 */
export function proxyFor(url: URL, env: Environment): Proxy | undefined {
  const { NO_PROXY: names = '' } = readProxies(env);
  if (names === '*' || bypasses(url, names.split(','))) return undefined;
  return proxyOf(env, url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY');
}

/** How messages name a proxy: `the proxy HOST:PORT (HTTPS_PROXY), by which HOST is reached,`. */
export function proxyWords({ address, variable }: Proxy, host: string): string {
  return `the proxy ${new URL(address).host} (${variable}), by which ${host} is reached,`;
}

/**
 * Says of a host that is asked directly which variable would lead to a proxy, where one is set that does not; undefined
 * where none is. No value is shown.
 */
export function idleProxyWords(url: URL, env: Environment): string | undefined {
  const { protocol } = url;
  const { NO_PROXY: names = '' } = readProxies(env);
  if (names === '*' || bypasses(url, names.split(','))) return undefined;
  const [counts, other] =
    protocol === 'https:'
      ? (['HTTPS_PROXY', 'HTTP_PROXY'] as const)
      : (['HTTP_PROXY', 'HTTPS_PROXY'] as const);
  if (named(env, counts) !== undefined) return undefined;
  const idle = named(env, other)?.name ?? ['all_proxy', 'ALL_PROXY'].find((name) => env[name]);
  if (idle === undefined) return undefined;
  const scheme = protocol === 'https:' ? 'https' : 'plain HTTP';
  return `${idle} does not count for ${scheme}: name the proxy in ${counts}.`;
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8);
LOOPBACK.addAddress('::1', 'ipv6');

/**
 * Whether no proxy is used for a URL, by the rules of Go and so of skopeo (golang.org/x/net/http/httpproxy): a domain is
 * itself and all below it, `.domain` and `*.domain` what is below it alone, addresses and networks (CIDR) are addresses;
 * a name or an address may have a port. This machine is never asked by a proxy.
 */
function bypasses({ protocol, hostname, port }: URL, names: readonly string[]): boolean {
  const host = hostname.replace(/^\[|\]$/g, '');
  const family = familyOf(host);
  if (host === 'localhost' || (family !== undefined && LOOPBACK.check(host, family))) return true;
  const reached = port || (protocol === 'https:' ? '443' : '80');
  return names.some((name) => {
    const network = networkOf(name);
    if (network !== undefined) return family !== undefined && network.check(host, family);
    // As Go's net.SplitHostPort: an address with colons has brackets where a port follows.
    const [, bracketed, plain, itsPort = ''] = /^(?:\[([^[\]]*)\]|([^:[\]]*)):([^:[\]]*)$/.exec(name) ?? [];
    const which = bracketed ?? plain ?? name;
    if (which === '' || (itsPort !== '' && itsPort !== reached)) return false;
    const address = networkOf(which, true);
    if (address !== undefined) return family !== undefined && address.check(host, family);
    return family === undefined && isDomainOf(host, which.toLowerCase());
  });
}

function isDomainOf(host: string, name: string): boolean {
  const [, below, bare = ''] = /^(\*?\.)?(.*)$/.exec(name) ?? [];
  const domain = /^[\x00-\x7f]*$/.test(bare) ? bare : domainToASCII(bare) || bare;
  return host.endsWith(`.${domain}`) || (below === undefined && host === domain);
}

function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  const family = address.includes('%') ? 0 : isIP(address);
  return family === 0 ? undefined : family === 4 ? 'ipv4' : 'ipv6';
}

/** A network as CIDR writes it, or a single address where that is asked for. */
function networkOf(text: string, single = false): BlockList | undefined {
  const [, address = '', digits] = (single ? /^(.*)$/ : /^([^/]*)\/(\d+)$/).exec(text) ?? [];
  const family = familyOf(address);
  if (family === undefined) return undefined;
  const bits = family === 'ipv4' ? 32 : 128;
  const prefix = digits === undefined ? bits : Number(digits);
  if (prefix > bits) return undefined;
  const network = new BlockList();
  network.addSubnet(address, prefix, family);
  return network;
}

/** A variable that is set, in the spelling that counts. */
function named(
  env: Environment,
  variable: keyof Proxies,
): { readonly name: string; readonly value: string } | undefined {
  for (const name of [variable.toLowerCase(), variable]) {
    const value = env[name]?.trim() ?? '';
    if (value !== '' && !(name === 'HTTP_PROXY' && env['REQUEST_METHOD'])) return { name, value };
  }
  return undefined;
}

function proxyOf(env: Environment, variable: 'HTTP_PROXY' | 'HTTPS_PROXY'): Proxy | undefined {
  const found = named(env, variable);
  return found && { variable: found.name, address: addressOf(found.value, found.name) };
}

function addressOf(value: string, variable: string): string {
  const [, scheme] = /^([a-z][a-z0-9+.-]{0,19}):\/\//i.exec(value) ?? [];
  const url = URL.parse(scheme === undefined ? `http://${value}` : value);
  if (scheme !== undefined && !/^https?$/i.test(scheme)) {
    throw invalid(`${variable} names a proxy of the kind ${scheme.toLowerCase()}, which is not supported`);
  }
  if (url === null || url.hostname === '') throw invalid(`${variable} is not the address of a proxy`);
  if (![url.username, url.password].every(isEncoded)) {
    throw invalid(`${variable} has a user or password with a % that is no escape of a character`);
  }
  return url.href;
}

function isEncoded(part: string): boolean {
  try {
    decodeURIComponent(part);
    return true;
  } catch (error) {
    if (error instanceof URIError) return false;
    throw error;
  }
}

function invalid(message: string): OciSaveError {
  return new OciSaveError({
    code: 'usage',
    message,
    hint: 'Write http://host:port, or unset it. In a user or password, write %25 for a %.',
  });
}
