import { BlockList, isIP } from 'node:net';

/** Addresses that mean another machine to each asker: RFC 1918, 6598, 3927, 4193, 4291. */
const PRIVATE = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const) {
  PRIVATE.addSubnet(network, prefix, 'ipv4');
}
for (const [network, prefix] of [
  ['::', 127],
  ['fc00::', 7],
  ['fe80::', 10],
] as const) {
  PRIVATE.addSubnet(network, prefix, 'ipv6');
}

/**
 * Whether a host, as a URL or a socket has it, is a private, link-local or loopback address, or localhost.
 * Names are not looked up: a name in a redirect is what its owner's DNS says, a literal is what the server
 * wants us to ask.
 */
export function isPrivateHost(host: string): boolean {
  const bare = host
    .replace(/^\[|\]$/g, '')
    .replace(/%.*$/, '')
    .toLowerCase();
  const family = isIP(bare);
  if (family === 0) return bare === 'localhost' || bare.endsWith('.localhost');
  return PRIVATE.check(bare, family === 4 ? 'ipv4' : 'ipv6');
}
