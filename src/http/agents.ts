import dns from 'node:dns';
import type { Agent } from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import type { SecureContext } from 'node:tls';
import pLimit, { type LimitFunction } from 'p-limit';
import { isPrivateHost, PrivateAddressError } from './address.ts';
import { type Environment, idleProxyWords, type Proxy, proxyFor, readProxies } from './proxies.ts';
import { contextOf, type Trust } from './tls/contexts.ts';
import { nodeHttp } from './node-http.ts';

/** The way to one origin: its own sockets, and how many requests may be under way. */
export interface Connection {
  readonly agent: Agent;
  readonly limit: LimitFunction;
  /** What stands between. */
  readonly proxy: Proxy | undefined;
  /** What to say where it is not reached: a proxy is named that does not count for it. */
  readonly idleProxy: string | undefined;
}

export interface ConnectOptions {
  /** False takes any certificate: for hosts that the user named. */
  readonly verify: boolean;
  /** False where somebody else than the user named the address. */
  readonly mayBePrivate: boolean;
}

export interface Agents {
  /**
   * The connection to a URL's origin.
   * @throws OciSaveError as `trust` does
   */
  connect(url: URL, options: ConnectOptions): Promise<Connection>;
  close(): void;
}

export interface AgentOptions {
  /** Sockets, and so requests under way, to one origin. */
  readonly sockets: number;
  /** HTTP_PROXY, HTTPS_PROXY and NO_PROXY, in either case. */
  readonly env: Environment;
  /** What TLS stands on; by default Node's own list of authorities. */
  readonly trust?: Trust | undefined;
  /** Looks names up; the system's resolver by default. */
  readonly lookup?: LookupFunction | undefined;
}

/**
 * Agents that keep connections alive: resolving a list is mostly HEADs, and a handshake costs more than one.
 * @throws OciSaveError `usage` for a proxy of the environment that cannot be used
 */
export function createAgents({ sockets, env, trust, lookup = dns.lookup }: AgentOptions): Agents {
  const connections = new Map<string, Connection>();
  // A proxy that cannot be used is told of before any request.
  readProxies(env);
  const open = (
    url: URL,
    { verify, mayBePrivate }: ConnectOptions,
    secureContext: SecureContext | undefined,
  ): Connection => {
    const proxy = proxyFor(url, env);
    const options = {
      keepAlive: true,
      maxSockets: sockets,
      // Node reads NO_PROXY in another way than skopeo: it is not asked.
      proxyEnv: proxy && { HTTP_PROXY: proxy.address, HTTPS_PROXY: proxy.address },
      lookup: proxy !== undefined || mayBePrivate ? lookup : judged(lookup),
    };
    // An Agent's own bound does not count tunnels through a proxy.
    const agent =
      url.protocol === 'https:'
        ? new https.Agent({
            ...options,
            rejectUnauthorized: verify,
            ...(secureContext === undefined ? {} : { secureContext }),
          })
        : new nodeHttp.Agent(options);
    const idleProxy = proxy === undefined ? idleProxyWords(url, env) : undefined;
    return { agent, limit: pLimit(sockets), proxy, idleProxy };
  };
  return {
    async connect(url, options) {
      const key = `${url.origin} ${options.verify} ${options.mayBePrivate}`;
      const known = connections.get(key);
      if (known !== undefined) return known;
      const isSecure = url.protocol === 'https:' && trust !== undefined;
      const context = isSecure ? contextOf(await trust(url, options.verify)) : undefined;
      // Another request may have opened it meanwhile.
      const opened = connections.get(key) ?? open(url, options, context);
      connections.set(key, opened);
      return opened;
    },
    close() {
      for (const { agent } of connections.values()) agent.destroy();
    },
  };
}

/**
 * Looks up the name of an origin, and judges its addresses where the socket connects: what a name resolved to before says
 * nothing (DNS rebinding). Not so behind a proxy: its name is the user's own word, and what the origin's name resolves to
 * there, the proxy alone knows and judges.
 */
function judged(lookup: LookupFunction): LookupFunction {
  return (name, options, done) =>
    lookup(name, options, (error, found, family) => {
      if (error !== null) return done(error, found, family);
      const all = typeof found === 'string' ? [{ address: found, family: family ?? 0 }] : found;
      const allowed = all.filter(({ address }) => !isPrivateHost(address));
      if (allowed.length === 0) return done(new PrivateAddressError(), '');
      return typeof found === 'string' ? done(null, found, family) : done(null, allowed);
    });
}
