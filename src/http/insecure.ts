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
