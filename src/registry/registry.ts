import { isIPv6 } from 'node:net';
import { OciSaveError } from '../errors.ts';
import { isSpent, looksLikePlainHttp, refusalOf, type RetryPolicy, withRetries } from '../http/index.ts';
import { isDomain } from '../oci/reference.ts';
import { quoteText } from '../oci/reference-quote.ts';
import type { Scheme } from './auth/challenge.ts';
import { registryHost } from './repository.ts';

/** What is known about one registry: found out once, used by every request. */
export interface Registry {
  readonly domain: string;
  /** Named by the user: plain HTTP or any certificate is accepted. */
  readonly insecure: boolean;
  /** The scheme that it last asked for; undefined until then. */
  scheme: Scheme | undefined;
  /** Whether it responded from a private network: then it may name private addresses. */
  isPrivate: boolean;
  /** It refuses HEAD of manifests, or its responses to it are of no use. */
  headRefused: boolean;
  /** Manifests for which HEAD was refused in a way that may be about them alone: a GET will show it. */
  readonly headDoubts: Set<string>;
  /** Bytes of the largest part with a range that it takes, as far as it has said. */
  mostPart: number;
  /** It refuses an upload's end that has bytes: they are sent before it. */
  bytesApart: boolean;
  /** Its address, https unless it is insecure and speaks plain HTTP. All callers share one search. */
  readonly address: () => Promise<URL>;
  /** One request, to see whether it responds. @throws the network's error */
  readonly reach: () => Promise<void>;
  /** Finds its address by one attempt, where it is not known. @throws the network's error */
  readonly locate: () => Promise<void>;
  /** Whether it accepted a ping without credentials. Known for insecure registries alone: only they are pinged first. */
  readonly open: boolean;
  /**
   * Runs the first request alone until `done` is called, so that one request, not all of a burst, finds out which
   * authorization the registry asks for. Later ones run at once.
   */
  readonly first: <T>(run: (done: () => void) => Promise<T>) => Promise<T>;
}

/** One request to an address; resolves with the status of the response. It waits no longer than its patience. */
export type Ping = (url: URL, patience?: number) => Promise<number>;

/** @throws OciSaveError `unsupported` for a domain that is not the host of its address */
export function createRegistry(
  { domain, insecure }: Pick<Registry, 'domain' | 'insecure'>,
  ping: Ping,
  policy: RetryPolicy,
): Registry {
  const secure = registryUrl(domain, 'https:');
  let address: Promise<URL> | undefined;
  let leading: Promise<void> | undefined;
  let open = false;
  /** One that its caller makes again, as long as it likes. */
  const look: Ping = (url) => ping(url, 0);
  const find = async (by: Ping): Promise<URL> => {
    const { url, status } = await probe(domain, by);
    open = status === 200;
    return url;
  };
  return {
    domain,
    insecure,
    scheme: undefined,
    isPrivate: false,
    headRefused: false,
    headDoubts: new Set(),
    mostPart: Number.POSITIVE_INFINITY,
    bytesApart: false,
    get open() {
      return open;
    },
    address() {
      if (!insecure) return Promise.resolve(secure);
      const probing = (address ??= withRetries(() => find(answers(ping)), policy, {}));
      probing.catch(() => {
        // The next request tries again; those that wait for this attempt get its error.
        if (address === probing) address = undefined;
      });
      return probing;
    },
    async reach() {
      if (!insecure) return void (await look(secure));
      address = Promise.resolve(await find(look));
    },
    async locate() {
      if (insecure && address === undefined) address = Promise.resolve(await find(look));
    },
    async first(run) {
      if (leading) {
        await leading;
        return run(() => {});
      }
      const { promise, resolve } = Promise.withResolvers<void>();
      leading = promise;
      try {
        return await run(resolve);
      } finally {
        resolve();
      }
    },
  };
}

/** A refusal shows the address, too: what it means is for the request that it is looked up for. */
function answers(ping: Ping): Ping {
  return async (url) => {
    try {
      return await ping(url);
    } catch (error) {
      const refusal = refusalOf(error);
      // Of a host that is not waited for, nothing was asked.
      if (refusal === undefined || isSpent(error)) throw error;
      return refusal.status;
    }
  };
}

/** An insecure registry is asked in TLS first: one that has a certificate, even an invalid one, is not downgraded. */
async function probe(domain: string, ping: Ping): Promise<{ url: URL; status: number }> {
  const secure = registryUrl(domain, 'https:');
  try {
    return { url: secure, status: await ping(secure) };
  } catch (error) {
    if (!(error instanceof Error) || !looksLikePlainHttp(error.cause)) throw error;
    const plain = registryUrl(domain, 'http:');
    const status = await ping(plain);
    // A TLS server that hung up once responds to plain HTTP with 400: it does not speak plain HTTP.
    if (status === 400) throw error;
    return { url: plain, status };
  }
}

const PORTS = { 'https:': '443', 'http:': '80' } as const;

/**
 * The address at which a domain is asked.
 * @throws OciSaveError `unsupported` where a URL parser finds another host or port in it (`127.1`, `host:99999`):
 *   credentials are looked up by the domain, and would be sent there
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
