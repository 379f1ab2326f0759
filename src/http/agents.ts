import dns from 'node:dns';
import http from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import pLimit, { type LimitFunction } from 'p-limit';
import { isPrivateHost, PrivateAddressError } from './address.ts';
import { type Environment, readProxies } from './proxies.ts';

/** The way to one origin: its own sockets, and how many requests may be under way. */
export interface Connection {
  readonly agent: http.Agent;
  readonly limit: LimitFunction;
  /** True once the origin's own name was looked up: a proxy does not stand between. */
  direct: boolean;
}

export interface ConnectOptions {
  /** False takes any certificate: for hosts that the user named. */
  readonly verify: boolean;
  /** False where somebody else than the user named the address. */
  readonly mayBePrivate: boolean;
}

export interface Agents {
  /** The connection to a URL's origin. */
  connect(url: URL, options: ConnectOptions): Connection;
  close(): void;
}

export interface AgentOptions {
  /** Sockets, and so requests under way, to one origin. */
  readonly sockets: number;
  /** HTTP_PROXY, HTTPS_PROXY and NO_PROXY, in either case. */
  readonly env: Environment;
  /** Looks names up; the system's resolver by default. */
  readonly lookup?: LookupFunction | undefined;
}

/**
 * Agents that keep connections alive: resolving a list is mostly HEADs, and a handshake costs more than one.
 * @throws OciSaveError `usage` for a proxy of the environment that cannot be used
 */
export function createAgents({ sockets, env, lookup = dns.lookup }: AgentOptions): Agents {
  const connections = new Map<string, Connection>();
  const proxyEnv = readProxies(env);
  const open = (url: URL, { verify, mayBePrivate }: ConnectOptions): Connection => {
    const onDirect = (): void => void (connection.direct = true);
    const options = {
      keepAlive: true,
      maxSockets: sockets,
      proxyEnv,
      lookup: judged(lookup, url.hostname, mayBePrivate, onDirect),
    };
    // An Agent's own bound does not count tunnels through a proxy.
    const agent =
      url.protocol === 'https:'
        ? new https.Agent({ ...options, rejectUnauthorized: verify })
        : new http.Agent(options);
    const connection = { agent, limit: pLimit(sockets), direct: false };
    return connection;
  };
  return {
    connect(url, options) {
      const key = `${url.origin} ${options.verify} ${options.mayBePrivate}`;
      const known = connections.get(key) ?? open(url, options);
      connections.set(key, known);
      return known;
    },
    close() {
      for (const { agent } of connections.values()) agent.destroy();
    },
  };
}

/**
 * Looks up the name of an origin, and judges its addresses where the socket connects: what a name resolved to before says
 * nothing (DNS rebinding). A proxy's name is the user's own word. Behind a proxy the origin's name is not looked up here at
 * all: what it resolves to there, the proxy alone knows and judges.
 */
function judged(
  lookup: LookupFunction,
  host: string,
  mayBePrivate: boolean,
  onDirect: () => void,
): LookupFunction {
  return (name, options, done) => {
    if (name !== host) return lookup(name, options, done);
    onDirect();
    return lookup(name, options, (error, found, family) => {
      if (error !== null || mayBePrivate) return done(error, found, family);
      const all = typeof found === 'string' ? [{ address: found, family: family ?? 0 }] : found;
      const allowed = all.filter(({ address }) => !isPrivateHost(address));
      if (allowed.length === 0) return done(new PrivateAddressError(), '');
      return typeof found === 'string' ? done(null, found, family) : done(null, allowed);
    });
  };
}
