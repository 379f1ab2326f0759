import { OciSaveError } from '../errors.ts';
import { createAgents } from '../http/agents.ts';
import type { Environment } from './auth/auth-search.ts';
import { createAuthorizer } from './auth/authorize.ts';
import { type BlobOptions, type BlobResponse, getBlob, getUrl, type WantedBlob } from './blobs.ts';
import type { CredentialStore } from './auth/credential-store.ts';
import { createExchange } from '../http/client.ts';
import { insecureHosts } from '../http/insecure.ts';
import type { Digest } from '../oci/digest.ts';
import {
  deleteManifest,
  findManifest,
  getManifest,
  headManifest,
  type ManifestHead,
  putManifest,
  type ServedManifest,
} from './manifests.ts';
import { createRegistry, type Knock, type Registry } from './registry.ts';
import type { Repository } from './repository.ts';
import { sendBlob, type SendOptions } from './send-blob.ts';
import { createSession, type Session } from './session.ts';
import {
  beginUpload,
  type BlobContent,
  cancelUpload,
  headBlob,
  mountBlob,
  type Upload,
  type UploadCall,
} from './uploads.ts';

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
 * Reads from registries, and writes to them. Errors are OciSaveErrors; what `isTemporary` says yes to is worth another attempt.
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
  /** Asks a registry for anything, once and without credentials: whether it is there. */
  reach(domain: string): Promise<void>;
  /**
   * What a tag or digest names, by one HEAD; a GET only where that tells nothing. Undefined where it is absent. `once`
   * is for a registry that may not be up: it is not asked again.
   */
  findManifest(
    repository: Repository,
    reference: string,
    options?: { readonly signal?: AbortSignal | undefined; readonly once?: boolean },
  ): Promise<Digest | undefined>;
  /** Puts a manifest's exact bytes under a tag or its digest. `digest` where the registry says another one. */
  putManifest(
    repository: Repository,
    reference: string,
    manifest: Pick<ServedManifest, 'bytes' | 'digest' | 'mediaType'>,
    signal?: AbortSignal,
  ): Promise<void>;
  /** Deletes a manifest by its digest. False where the registry deletes nothing. */
  deleteManifest(repository: Repository, digest: Digest, signal?: AbortSignal): Promise<boolean>;
  /** Whether a repository has a blob. */
  headBlob(repository: Repository, digest: Digest, signal?: AbortSignal): Promise<boolean>;
  /** Begins an upload: whoever may, can write there. It is sent to, or cancelled. */
  beginUpload(repository: Repository, signal?: AbortSignal): Promise<Upload>;
  /** Takes an upload back, as far as the registry can. */
  cancelUpload(upload: Upload, signal?: AbortSignal): Promise<void>;
  /**
   * Has a blob put into a repository from another one of the same registry. True where it is there now; an upload
   * where it has to be sent; false where the registry does not do such things.
   */
  mountBlob(
    repository: Repository,
    digest: Digest,
    from: string,
    signal?: AbortSignal,
  ): Promise<Upload | boolean>;
  /** Sends a blob. What is cut goes on, what is lost begins anew. */
  sendBlob(
    repository: Repository,
    content: BlobContent,
    options?: Omit<SendOptions, 'policy'> & { readonly signal?: AbortSignal | undefined },
  ): Promise<void>;
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
  const uploadCall = (repository: Repository, signal: AbortSignal | undefined): UploadCall => {
    const { registry, session } = at(repository);
    return { session, repository, insecure: registry.insecure, signal };
  };
  const registryAt = (domain: string): Registry => at({ domain, path: '' }).registry;
  return {
    headManifest: async (repository, reference, signal) =>
      headManifest(manifestCall(repository, reference, signal)),
    getManifest: async (repository, reference, signal) =>
      getManifest(manifestCall(repository, reference, signal)),
    getBlob: async (repository, blob, blobOptions = {}) =>
      getBlob(at(repository).session, repository, blob, blobOptions, stallMilliseconds),
    getUrl: async (url, blob, blobOptions = {}) => getUrl(exchange, insecure, url, blob, blobOptions),
    reach: async (domain) => registryAt(domain).reach(),
    async findManifest(repository, reference, { signal, once = false } = {}) {
      if (once) await at(repository).registry.locate();
      return findManifest({ ...manifestCall(repository, reference, signal), retry: !once });
    },
    putManifest: async (repository, reference, manifest, signal) =>
      putManifest(manifestCall(repository, reference, signal), manifest),
    deleteManifest: async (repository, digest, signal) =>
      deleteManifest(manifestCall(repository, digest, signal)),
    headBlob: async (repository, digest, signal) => headBlob(uploadCall(repository, signal), digest),
    beginUpload: async (repository, signal) =>
      beginUpload(uploadCall(repository, signal), `${repository.domain}/${repository.path}`),
    cancelUpload: async (upload, signal) => cancelUpload(uploadCall(upload.repository, signal), upload),
    mountBlob: async (repository, digest, from, signal) =>
      mountBlob(uploadCall(repository, signal), digest, from),
    sendBlob: async (repository, content, { signal, ...sendOptions } = {}) =>
      sendBlob(uploadCall(repository, signal), content, { ...sendOptions, policy }),
    close() {
      closing.abort(new OciSaveError({ code: 'interrupted', message: 'the registry client was closed' }));
      agents.close();
    },
  };
}
