import http from 'node:http';
import https from 'node:https';
import pLimit, { type LimitFunction } from 'p-limit';
import type { Environment } from '../registry/auth/auth-search.ts';

/** The way to one origin: its own sockets, and how many requests may be under way. */
export interface Connection {
  readonly agent: http.Agent;
  readonly limit: LimitFunction;
}

export interface Agents {
  /**
   * The connection to a URL's origin. `verify: false` takes any certificate: for hosts that the user named.
   */
  connect(url: URL, options: { readonly verify: boolean }): Connection;
  close(): void;
}

export interface AgentOptions {
  /** Sockets, and so requests under way, to one origin. */
  readonly sockets: number;
  /** HTTP_PROXY, HTTPS_PROXY and NO_PROXY, in either case. */
  readonly env: Environment;
}

/**
 * Agents that keep connections alive: resolving a list is mostly HEADs, and a handshake costs more than one.
 */
export function createAgents({ sockets, env }: AgentOptions): Agents {
  const connections = new Map<string, Connection>();
  const open = (url: URL, verify: boolean): Connection => {
    const options = { keepAlive: true, maxSockets: sockets, proxyEnv: { ...env } };
    const agent =
      url.protocol === 'https:'
        ? new https.Agent({ ...options, rejectUnauthorized: verify })
        : new http.Agent(options);
    // An Agent's own bound does not count tunnels through a proxy.
    return { agent, limit: pLimit(sockets) };
  };
  return {
    connect(url, { verify }) {
      const key = `${url.origin} ${verify}`;
      const known = connections.get(key) ?? open(url, verify);
      connections.set(key, known);
      return known;
    },
    close() {
      for (const { agent } of connections.values()) agent.destroy();
    },
  };
}
