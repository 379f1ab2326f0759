import { OciSaveError } from '../errors.ts';
import { createAgents } from './agents.ts';
import type { Environment } from './auth-search.ts';
import { createAuthorizer } from './authorize.ts';
import { type BlobOptions, type BlobResponse, getBlob, getUrl, type WantedBlob } from './blobs.ts';
import type { CredentialStore } from './credential-store.ts';
import { createExchange } from './exchange.ts';
import { insecureHosts } from './insecure.ts';
import { getManifest, headManifest, type ManifestHead, type ServedManifest } from './manifests.ts';
import { createRegistry, type Knock, type Registry } from './registry.ts';
import type { Repository } from './repository.ts';
import { createSession, type Session } from './session.ts';

export interface RegistryClientOptions {
  readonly credentials: CredentialStore;
  /** `host` or `host:port`, as references have them: plain HTTP or any certificate, for these alone. */
  readonly insecureRegistries: readonly string[];
  readonly userAgent: string;
  /** Where HTTP_PROXY, HTTPS_PROXY and NO_PROXY are read; no proxy by default. */
  readonly env?: Environment;
  /** Sockets to one host. */
  readonly sockets?: number;
  /** Attempts after the first one, for what goes away by itself. */
  readonly retries?: number;
  /** Milliseconds before the second attempt; doubled for each further one. */
  readonly retryMilliseconds?: number;
  /** Milliseconds of silence after which a body counts as stalled. */
  readonly stallMilliseconds?: number;
  /** Milliseconds until the head of an answer. */
  readonly requestMilliseconds?: number;
  readonly onWarning?: (message: string) => void;
}

/**
 * Reads from registries. Errors are OciSaveErrors; what `isTemporary` says yes to is worth another attempt.
 */
export interface RegistryClient {
  /**
   * What the registry's headers claim of a manifest, by tag or digest. Undefined where only a GET can tell;
   * then the caller GETs. A host that refuses HEAD is not asked again.
   */
  headManifest(
    repository: Repository,
    reference: string,
    signal?: AbortSignal,
  ): Promise<ManifestHead | undefined>;
  /**
   * A manifest's exact bytes. For a digest they hash to it, else `digest`; `unsupported` where it is none.
   */
  getManifest(repository: Repository, reference: string, signal?: AbortSignal): Promise<ServedManifest>;
  /** One GET of a blob, from `offset` on. It is not retried: the caller resumes. */
  getBlob(repository: Repository, blob: WantedBlob, options?: BlobOptions): Promise<BlobResponse>;
  /** One GET of a foreign layer from an address of its manifest, without credentials. */
  getUrl(url: string, blob: WantedBlob, options?: BlobOptions): Promise<BlobResponse>;
  /** Closes every connection; whatever is under way fails. */
  close(): void;
}

const MINUTE = 60_000;

export function createRegistryClient(options: RegistryClientOptions): RegistryClient {
  const { credentials, userAgent, env = {}, sockets = 32, retries = 5, retryMilliseconds = 500 } = options;
  const { stallMilliseconds = MINUTE, requestMilliseconds = MINUTE, onWarning = () => {} } = options;
  const insecure = insecureHosts(options.insecureRegistries);
  const agents = createAgents({ sockets, env });
  const policy = { retries, retryMilliseconds };
  const exchange = createExchange({
    agents,
    insecure,
    policy,
    userAgent,
    requestMilliseconds,
    stallMilliseconds,
    onWarning,
  });
  const closing = new AbortController();
  const authorizer = createAuthorizer({ exchange, credentials, signal: closing.signal });
  const knock: Knock = (url) =>
    exchange.ask(
      { method: 'GET', url: new URL('/v2/', url), headers: {}, subject: `${url.host}/v2/`, retry: false },
      ({ status, discard }) => {
        discard();
        return status;
      },
    );
  const known = new Map<string, { readonly registry: Registry; readonly session: Session }>();
  const at = ({ domain }: Repository): { readonly registry: Registry; readonly session: Session } => {
    const entry = known.get(domain);
    if (entry) return entry;
    const registry = createRegistry({ domain, insecure: insecure.names(domain), knock, policy });
    const opened = { registry, session: createSession(registry, exchange, authorizer) };
    known.set(domain, opened);
    return opened;
  };
  const manifestCall = (repository: Repository, reference: string, signal: AbortSignal | undefined) => ({
    ...at(repository),
    repository,
    reference,
    signal,
    stallMilliseconds,
    onWarning,
  });
  return {
    headManifest: async (repository, reference, signal) =>
      headManifest(manifestCall(repository, reference, signal)),
    getManifest: async (repository, reference, signal) =>
      getManifest(manifestCall(repository, reference, signal)),
    getBlob: async (repository, blob, blobOptions = {}) =>
      getBlob(at(repository).session, repository, blob, blobOptions, stallMilliseconds),
    getUrl: async (url, blob, blobOptions = {}) => getUrl(exchange, insecure, url, blob, blobOptions),
    close() {
      closing.abort(new OciSaveError({ code: 'interrupted', message: 'the registry client was closed' }));
      agents.close();
    },
  };
}
