import { BlockList, isIP } from 'node:net';
import { OciSaveError } from '../errors.ts';
import { hint, option } from '../text/hint.ts';

/**
 * Addresses that mean another machine to each sender, or no machine at all: RFC 1918, 6598, 3927, 4193, 4291, and the
 * rest of RFC 6890's table that no public server has.
 */
const PRIVATE = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const) {
  PRIVATE.addSubnet(network, prefix, 'ipv4');
  // An IPv6 address may carry an IPv4 address: NAT64 (RFC 6052) and 6to4 (RFC 3056). BlockList itself reads ::ffff:0:0/96.
  PRIVATE.addSubnet(`64:ff9b::${network}`, 96 + prefix, 'ipv6');
  const hex = network.split('.').map((byte) => Number(byte).toString(16).padStart(2, '0'));
  PRIVATE.addSubnet(`2002:${hex[0]}${hex[1]}:${hex[2]}${hex[3]}::`, 16 + prefix, 'ipv6');
}
for (const [network, prefix] of [
  // The unspecified address, loopback, and the deprecated form that carries an IPv4 address.
  ['::', 96],
  ['::ffff:0:0:0', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 32],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
] as const) {
  PRIVATE.addSubnet(network, prefix, 'ipv6');
}

/**
 * Whether a host, as a URL or a socket has it, is a private, link-local or loopback address, or localhost. Other names
 * are looked up by the connection, which judges what they resolve to.
 */
export function isPrivateHost(host: string): boolean {
  const bare = host
    .replace(/^\[|\]$/g, '')
    .replace(/%.*/s, '')
    .replace(/(?<!\.)\.+$/, '')
    .toLowerCase();
  const family = isIP(bare);
  if (family === 0) return bare === 'localhost' || bare.endsWith('.localhost');
  return PRIVATE.check(bare, family === 4 ? 'ipv4' : 'ipv6');
}

/** A server that named another address: its URL, and its own address where we connected to it directly. */
export interface Sender {
  readonly url: URL;
  readonly peer: string | undefined;
}

/** Whether a sender is on a private network itself: then it may name private addresses. */
export function isPrivateSender({ url, peer }: Sender): boolean {
  return isPrivateHost(url.hostname) || (peer !== undefined && isPrivateHost(peer));
}

/** What a connection fails with whose host's name has private addresses only. */
export class PrivateAddressError extends Error {}

/**
 * The error for a private address that somebody named who may not.
 * @param named who named it and how, up to the address: `ghcr.io names a token service at`
 */
export function privateAddressError(subject: string, named: string, { hostname }: URL): OciSaveError {
  const what = isPrivateHost(hostname)
    ? `the private address ${hostname}, which is not asked`
    : `${hostname}, which resolves to a private address here and is not asked`;
  return new OciSaveError({
    code: 'unsupported',
    message: `${subject}: ${named} ${what}`,
    hint: hint`A public server may not send a client to a private address. If you trust the registry, name it with ${option('insecureRegistries')}; if it is reached without the proxy, name it in NO_PROXY.`,
  });
}

/**
 * The hosts that the user named under `insecure-registries`: plain HTTP or any certificate, for these alone.
 */
export interface InsecureHosts {
  /** Whether a domain is named, port included, exactly as references write it. */
  names(domain: string): boolean;
  /** Whether a URL's host is named, with or without the port that its protocol implies. */
  has(url: URL): boolean;
}

const PORTS: Record<string, string> = { 'https:': '443', 'http:': '80' };

export function insecureHosts(names: readonly string[]): InsecureHosts {
  const named = new Set(names.map((name) => name.trim().toLowerCase()));
  return {
    names: (domain) => named.has(domain.toLowerCase()),
    has(url) {
      const port = url.port || PORTS[url.protocol];
      return named.has(url.host) || named.has(`${url.hostname}:${port}`);
    },
  };
}
