export { createAgents } from '../http/agents.ts';
export { shown } from '../http/refusal.ts';
export type { Environment } from './auth/auth-search.ts';
export type { BlobOptions, BlobResponse, WantedBlob } from './blobs.ts';
export { boundedBody } from '../http/body.ts';
export { parseContentRange } from '../http/content-range.ts';
export { createExchange } from '../http/client.ts';
export type { Answer, Ask } from '../http/follow.ts';
export { insecureHosts } from '../http/insecure.ts';
export { createRegistryClient, type RegistryClient, type RegistryClientOptions } from './client.ts';
export {
  announcing,
  anonymous,
  type CredentialStore,
  type CredentialStoreOptions,
  firstOf,
  openCredentialStore,
} from './auth/credential-store.ts';
export { type Credentials, secretsOf } from './auth/credentials.ts';
export { isTemporary, networkError, refusalOf } from './error.ts';
export { fetchFile, type FetchLimits, type FetchOptions } from '../http/fetch-file.ts';
export type { BlobContent, Upload } from './uploads.ts';
export type { ManifestHead, ServedManifest } from './manifests.ts';
export type { Repository } from './repository.ts';
