import { OciSaveError } from '../errors.ts';
import { createHttpClient, type Environment, insecureHosts, isPrivateHost } from '../http/index.ts';
import type { Digest } from '../oci/digest.ts';
import { createAuthorizer } from './auth/authorize.ts';
import type { CredentialStore } from './auth/credential-store.ts';
import { type BlobOptions, type BlobResponse, getBlob, getUrl, type WantedBlob } from './blobs.ts';
import { judgeRefusal, parseErrorBody } from './error.ts';
import {
  deleteManifest,
  findManifest,
  getManifest,
  headManifest,
  type ManifestCall,
  type ManifestHead,
  putManifest,
  type ServedManifest,
} from './manifests.ts';
import { createRegistry, type Ping, type Registry } from './registry.ts';
import type { Repository } from './repository.ts';
import { sendBlob, type SendOptions } from './send-blob.ts';
import { createSession, type Session } from './session.ts';
import { listTags } from './tags.ts';
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
  readonly userAgent?: string | undefined;
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
  /** Milliseconds until the head of a response. */
  readonly requestMilliseconds?: number;
  /** Milliseconds for a manifest or a token, which are held in memory. */
  readonly wholeMilliseconds?: number;
  readonly onWarning?: (message: string) => void;
}

const MINUTE = 60_000;

/** Reads from registries, and writes to them. */
export type RegistryClient = ReturnType<typeof createRegistryClient>;

/** Errors are OciSaveErrors; what `isTemporary` says yes to is worth another attempt. */
export function createRegistryClient(options: RegistryClientOptions) {
  const { sockets = 32, retries = 5, retryMilliseconds = 500, onWarning = () => {} } = options;
  const insecure = insecureHosts(options.insecureRegistries);
  const policy = { retries, retryMilliseconds };
  const http = createHttpClient({
    env: {},
    sockets,
    requestMilliseconds: MINUTE,
    stallMilliseconds: MINUTE,
    ...options,
    insecure,
    policy,
    parse: parseErrorBody,
    judge: judgeRefusal,
  });
  const closing = new AbortController();
  const authorizer = createAuthorizer({ http, credentials: options.credentials, signal: closing.signal });
  const ping: Ping = (url) =>
    http.request(
      { method: 'GET', url: new URL('/v2/', url), headers: {}, subject: `${url.host}/v2/`, retry: false },
      ({ status, discard }) => {
        discard();
        return status;
      },
    );
  const known = new Map<string, { readonly registry: Registry; readonly session: Session }>();
  const at = (domain: string): { readonly registry: Registry; readonly session: Session } => {
    const entry = known.get(domain);
    if (entry) return entry;
    const registry = createRegistry({ domain, insecure: insecure.names(domain), ping, policy });
    const opened = { registry, session: createSession(registry, http, authorizer) };
    known.set(domain, opened);
    return opened;
  };
  const manifestCall = (
    repository: Repository,
    reference: string,
    signal: AbortSignal | undefined,
  ): ManifestCall => ({ ...at(repository.domain), repository, reference, signal, onWarning });
  const uploadCall = (repository: Repository, signal: AbortSignal | undefined): UploadCall => {
    const { registry, session } = at(repository.domain);
    return { session, repository, insecure: registry.insecure, signal };
  };
  return {
    /**
     * What the registry's headers claim of a manifest, by tag or digest. Undefined where only a GET can tell; then the
     * caller GETs. A host that refuses HEAD is not asked again.
     */
    async headManifest(
      repository: Repository,
      reference: string,
      signal?: AbortSignal,
    ): Promise<ManifestHead | undefined> {
      return headManifest(manifestCall(repository, reference, signal));
    },
    /** A manifest's exact bytes. For a digest they hash to it, else `digest`; `unsupported` where it is not a manifest. */
    async getManifest(
      repository: Repository,
      reference: string,
      signal?: AbortSignal,
    ): Promise<ServedManifest> {
      return getManifest(manifestCall(repository, reference, signal));
    },
    /** One GET of a blob, from `offset` on. It is not retried: the caller resumes. */
    async getBlob(
      repository: Repository,
      blob: WantedBlob,
      blobOptions: BlobOptions = {},
    ): Promise<BlobResponse> {
      return getBlob(at(repository.domain).session, repository, blob, blobOptions);
    },
    /** One GET of a foreign layer from an address of its manifest, which the repository has, without credentials. */
    async getUrl(
      { domain }: Repository,
      url: string,
      blob: WantedBlob,
      blobOptions: BlobOptions = {},
    ): Promise<BlobResponse> {
      const { registry } = at(domain);
      const mayBePrivate =
        registry.insecure || registry.isPrivate || isPrivateHost((await registry.address()).hostname);
      return getUrl(http, insecure, url, blob, blobOptions, mayBePrivate);
    },
    /** Asks a registry for anything, once and without credentials: whether it is there. */
    async reach(domain: string): Promise<void> {
      return at(domain).registry.reach();
    },
    /**
     * What a tag or digest names, by one HEAD; a GET only where that tells nothing. Undefined where it is absent. `once` is
     * for a registry that may not be up: it is not asked again.
     */
    async findManifest(
      repository: Repository,
      reference: string,
      { signal, once = false }: { readonly signal?: AbortSignal | undefined; readonly once?: boolean } = {},
    ): Promise<Digest | undefined> {
      if (once) await at(repository.domain).registry.locate();
      return findManifest({ ...manifestCall(repository, reference, signal), retry: !once });
    },
    /** Puts a manifest's exact bytes under a tag or its digest. `digest` where the registry says another one. */
    async putManifest(
      repository: Repository,
      reference: string,
      manifest: Pick<ServedManifest, 'bytes' | 'digest' | 'mediaType'>,
      signal?: AbortSignal,
    ): Promise<void> {
      return putManifest(manifestCall(repository, reference, signal), manifest);
    },
    /** Deletes a manifest by its digest. False where the registry deletes nothing. */
    async deleteManifest(repository: Repository, digest: Digest, signal?: AbortSignal): Promise<boolean> {
      return deleteManifest(manifestCall(repository, digest, signal));
    },
    /** The tags of a repository, sorted. `unsupported` where they are beyond reason. */
    async listTags(repository: Repository, signal?: AbortSignal): Promise<string[]> {
      return listTags({ ...at(repository.domain), repository, signal });
    },
    /** Whether a repository has a blob. */
    async headBlob(repository: Repository, digest: Digest, signal?: AbortSignal): Promise<boolean> {
      return headBlob(uploadCall(repository, signal), digest);
    },
    /** Begins an upload: whoever may, can write there. It is sent to, or cancelled. */
    async beginUpload(repository: Repository, signal?: AbortSignal): Promise<Upload> {
      return beginUpload(uploadCall(repository, signal), `${repository.domain}/${repository.path}`);
    },
    /** Takes an upload back, as far as the registry can. */
    async cancelUpload(upload: Upload, signal?: AbortSignal): Promise<void> {
      return cancelUpload(uploadCall(upload.repository, signal), upload);
    },
    /**
     * Has a blob put into a repository from another one of the same registry. True where it is there now; an upload where
     * it has to be sent; false where the registry does not do such things.
     */
    async mountBlob(
      repository: Repository,
      digest: Digest,
      from: string,
      signal?: AbortSignal,
    ): Promise<Upload | boolean> {
      return mountBlob(uploadCall(repository, signal), digest, from);
    },
    /** Sends a blob. What is cut goes on, what is lost begins anew. */
    async sendBlob(
      repository: Repository,
      content: BlobContent,
      {
        signal,
        ...sendOptions
      }: Omit<SendOptions, 'policy'> & { readonly signal?: AbortSignal | undefined } = {},
    ): Promise<void> {
      return sendBlob(uploadCall(repository, signal), content, { ...sendOptions, policy });
    },
    /** Closes every connection; whatever is under way fails. */
    close(): void {
      closing.abort(new OciSaveError({ code: 'interrupted', message: 'the registry client was closed' }));
      http.close();
    },
  };
}
