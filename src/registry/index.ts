export { createAgents } from './agents.ts';
export { shown } from './answer.ts';
export type { Environment } from './auth-search.ts';
export type { BlobOptions, BlobResponse, WantedBlob } from './blobs.ts';
export { boundedBody } from './body.ts';
export { parseContentRange } from './content-range.ts';
export { createExchange } from './exchange.ts';
export type { Answer, Ask } from './follow.ts';
export { insecureHosts } from './insecure.ts';
export { createRegistryClient, type RegistryClient, type RegistryClientOptions } from './client.ts';
export {
  announcing,
  anonymous,
  type CredentialStore,
  type CredentialStoreOptions,
  firstOf,
  openCredentialStore,
} from './credential-store.ts';
export { type Credentials, secretsOf } from './credentials.ts';
export { isTemporary, networkError, refusalOf } from './error.ts';
export { fetchFile, type FetchLimits, type FetchOptions } from './fetch-file.ts';
export type { BlobContent, Upload } from './uploads.ts';
export type { ManifestHead, ServedManifest } from './manifests.ts';
export type { Repository } from './repository.ts';
