import { OciSaveError } from '../errors.ts';
import {
  abortable,
  createHttpClient,
  type Environment,
  insecureHosts,
  isPrivateHost,
  type Trust,
} from '../http/index.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { createAuthorizer } from './auth/authorize.ts';
import type { CredentialStore } from './auth/combined-stores.ts';
import { type BlobOptions, type BlobResponse, getBlob, getUrl, givesBlob, type WantedBlob } from './blobs.ts';
import { isAbsent, judgeRefusal, parseErrorBody } from './error.ts';
import {
  deleteManifest,
  findManifest,
  getManifest,
  headManifest,
  type ManifestHead,
  putManifest,
  type ServedManifest,
} from './manifests.ts';
import { listReferrers } from './lists/referrers.ts';
import { listTags } from './lists/tags.ts';
import { createQuotasLeft, type QuotaLeft } from './quota-left.ts';
import { createRegistry, type Ping } from './registry.ts';
import type { Repository } from './repository.ts';
import { sendBlob, type SendOptions } from './send-blob.ts';
import { createSession, type RepositoryCall, type Session } from './session.ts';
import { beginUpload, type BlobContent, cancelUpload, headBlob, mountBlob, type Upload } from './uploads.ts';

export interface RegistryClientOptions {
  readonly credentials: CredentialStore;
  /** `host` or `host:port`, as references have them: plain HTTP or any certificate, for these alone. */
  readonly insecureRegistries: readonly string[];
  readonly userAgent?: string | undefined;
  /** Where HTTP_PROXY, HTTPS_PROXY and NO_PROXY are read; no proxy by default. */
  readonly env?: Environment;
  /** What TLS stands on; by default Node's own list of authorities. */
  readonly trust?: Trust | undefined;
  /** Sockets to one host. */
  readonly sockets?: number;
  /** Attempts after the first one, for what goes away by itself. */
  readonly retries?: number;
  /** Milliseconds before the second attempt; doubled for each further one. */
  readonly retryMilliseconds?: number;
  /** Milliseconds until a token is used, where one that was fresh was refused. */
  readonly settleMilliseconds?: number;
  /** Milliseconds of silence after which a body counts as stalled. */
  readonly stallMilliseconds?: number;
  /** Milliseconds until the head of a response. */
  readonly requestMilliseconds?: number;
  /** Milliseconds in which a host may answer nothing but 429 before it is asked no more. */
  readonly maxThrottledMilliseconds?: number;
  /** Milliseconds for a manifest or a token, which are held in memory. */
  readonly wholeMilliseconds?: number;
  readonly onWarning?: (message: string) => void;
  /** True: every request fails, and no connection is opened. */
  readonly offline?: boolean | undefined;
}

const MINUTE = 60_000;

/** More than the second for which registries have been seen to refuse a token; timers may be early by a millisecond. */
const SETTLE_MILLISECONDS = 1100;

/** Reads from registries, and writes to them. */
export type RegistryClient = ReturnType<typeof createRegistryClient>;

/** Errors are OciSaveErrors; for those that are temporary (`isTemporary`), another attempt makes sense. */
export function createRegistryClient(options: RegistryClientOptions) {
  const { sockets = 32, retries = 5, retryMilliseconds = 500, onWarning = () => {} } = options;
  const { settleMilliseconds = SETTLE_MILLISECONDS } = options;
  const insecure = insecureHosts(options.insecureRegistries);
  const policy = { retries, retryMilliseconds };
  const quotas = createQuotasLeft();
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
    left: (response, request) => quotas.note(response, request),
  });
  const closing = new AbortController();
  const authorizer = createAuthorizer(http, options.credentials, {
    signal: closing.signal,
    settleMilliseconds,
  });
  const ping: Ping = (url, patience) =>
    http.request(
      {
        method: 'GET',
        url: new URL('/v2/', url),
        headers: {},
        subject: `${url.host}/v2/`,
        retry: false,
        patience,
      },
      ({ status, discard }) => {
        discard();
        return status;
      },
    );
  const known = new Map<string, Session>();
  const at = (domain: string): Session => {
    const entry = known.get(domain);
    if (entry) return entry;
    const registry = createRegistry({ domain, insecure: insecure.names(domain) }, ping, policy);
    const session = createSession(registry, http, authorizer);
    known.set(domain, session);
    return session;
  };
  const call = (repository: Repository, signal: AbortSignal | undefined): RepositoryCall => ({
    session: at(repository.domain),
    repository,
    signal,
  });
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
      return headManifest(call(repository, signal), reference);
    },
    /** A manifest's exact bytes. For a digest they hash to it, else `digest`; `unsupported` where it is not a manifest. */
    async getManifest(
      repository: Repository,
      reference: string,
      signal?: AbortSignal,
    ): Promise<ServedManifest> {
      return getManifest(call(repository, signal), reference, onWarning);
    },
    /** The manifest that a tag names; undefined where the registry answers 404, and nothing else. */
    async findTagged(
      repository: Repository,
      tag: string,
      signal?: AbortSignal,
    ): Promise<ServedManifest | undefined> {
      try {
        return await getManifest(call(repository, signal), tag, onWarning);
      } catch (error) {
        if (isAbsent(error)) return undefined;
        throw error;
      }
    },
    /** One GET of a blob, from `offset` on. It is not retried: the caller resumes. */
    async getBlob(repository: Repository, blob: WantedBlob, range: BlobOptions = {}): Promise<BlobResponse> {
      return getBlob(at(repository.domain), repository, blob, range);
    },
    /** One GET of a foreign layer from an address of its manifest, which the repository has, without credentials. */
    async getUrl(
      { domain }: Repository,
      url: string,
      blob: WantedBlob,
      range: BlobOptions = {},
    ): Promise<BlobResponse> {
      const { registry } = at(domain);
      const mayBePrivate =
        registry.insecure || registry.isPrivate || isPrivateHost((await registry.address()).hostname);
      return getUrl(http, insecure, url, blob, range, mayBePrivate);
    },
    /**
     * Waits until a registry may be asked, for who asks it by other means: it has one rate limit for all.
     * @throws OciSaveError `quota` where it gives nothing more
     */
    async ready(domain: string, signal?: AbortSignal): Promise<void> {
      const { host } = await abortable(at(domain).registry.address(), signal);
      return http.limit(host).ready(signal);
    },
    /** Tells that a host throttled somebody else, and for how many milliseconds it asks to be left alone. */
    throttled(host: string, milliseconds: number): void {
      http.limit(host).throttled(milliseconds);
    },
    /** What registries have said of the pulls that they still give. */
    quotasLeft: (): QuotaLeft[] => quotas.all(),
    /** One request without credentials, to see whether a registry responds. */
    async reach(domain: string, signal?: AbortSignal): Promise<void> {
      return abortable(at(domain).registry.reach(), signal);
    },
    /**
     * The digest of a tag or digest, by one HEAD; a GET only where that tells nothing. Undefined where it is absent. `once`
     * is for a registry that may not be up: its first failure is final.
     */
    async findManifest(
      repository: Repository,
      reference: string,
      { signal, once = false }: { readonly signal?: AbortSignal | undefined; readonly once?: boolean } = {},
    ): Promise<Digest | undefined> {
      if (once) await abortable(at(repository.domain).registry.locate(), signal);
      return findManifest(
        { ...call(repository, signal), retry: !once, ...(once ? { patience: 0 } : {}) },
        reference,
        onWarning,
      );
    },
    /** Puts a manifest's exact bytes under a tag or its digest. `digest` where the registry says another one. */
    async putManifest(
      repository: Repository,
      reference: string,
      manifest: Pick<ServedManifest, 'bytes' | 'digest' | 'mediaType'>,
      signal?: AbortSignal,
    ): Promise<void> {
      return putManifest(call(repository, signal), reference, manifest);
    },
    /** Deletes a manifest by its digest. False where the registry deletes nothing. */
    async deleteManifest(repository: Repository, digest: Digest, signal?: AbortSignal): Promise<boolean> {
      return deleteManifest(call(repository, signal), digest);
    },
    /** The tags of a repository, sorted. `unsupported` where they are beyond reason. */
    async listTags(repository: Repository, signal?: AbortSignal): Promise<string[]> {
      return listTags(call(repository, signal), onWarning);
    },
    /**
     * What a registry lists as the referrers of a manifest. Undefined where it answers 404: it has no such API.
     */
    async listReferrers(
      repository: Repository,
      digest: Digest,
      signal?: AbortSignal,
    ): Promise<Descriptor[] | undefined> {
      return listReferrers(call(repository, signal), digest);
    },
    /** Whether a repository has a blob. */
    async headBlob(repository: Repository, digest: Digest, signal?: AbortSignal): Promise<boolean> {
      return headBlob(call(repository, signal), digest);
    },
    /** Whether a repository gives a blob that it says to have. Throws where that cannot be told. */
    async givesBlob(repository: Repository, blob: WantedBlob, signal?: AbortSignal): Promise<boolean> {
      return givesBlob(call(repository, signal), blob);
    },
    /** Starts an upload, which proves the right to write. It is sent to, or cancelled. */
    async beginUpload(repository: Repository, signal?: AbortSignal): Promise<Upload> {
      return beginUpload(call(repository, signal));
    },
    /** Cancels an upload, as far as the registry can. */
    async cancelUpload(upload: Upload, signal?: AbortSignal): Promise<void> {
      return cancelUpload(call(upload.repository, signal), upload);
    },
    /**
     * Mounts a blob of another repository of the same registry. True where it is there now; an upload where it has to be
     * sent; false where the registry does not mount.
     */
    async mountBlob(
      repository: Repository,
      digest: Digest,
      from: string,
      signal?: AbortSignal,
    ): Promise<Upload | boolean> {
      return mountBlob(call(repository, signal), digest, from);
    },
    /** Sends a blob. A transfer that was cut continues; an upload that the registry lost starts again. */
    async sendBlob(
      repository: Repository,
      content: BlobContent,
      { signal, ...sendOptions }: SendOptions & { readonly signal?: AbortSignal | undefined } = {},
    ): Promise<void> {
      return sendBlob(call(repository, signal), content, policy, sendOptions);
    },
    /** Closes every connection; every request that is under way fails. */
    close(): void {
      closing.abort(new OciSaveError({ code: 'interrupted', message: 'the registry client was closed' }));
      http.close();
    },
  };
}
