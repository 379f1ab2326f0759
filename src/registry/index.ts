export type { Environment } from './auth-search.ts';
export type { BlobOptions, BlobResponse, WantedBlob } from './blobs.ts';
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
export { isTemporary, refusalOf } from './error.ts';
export type { BlobContent, Upload } from './uploads.ts';
export type { ManifestHead, ServedManifest } from './manifests.ts';
export type { Repository } from './repository.ts';
