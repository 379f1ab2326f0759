export { type Environment, isTemporary, refusalOf } from '../http/index.ts';
export { createRegistryClient, type RegistryClient, type RegistryClientOptions } from './client.ts';
export { announcing, anonymous, type CredentialStore, firstOf, telling } from './auth/combined-stores.ts';
export { type CredentialStoreOptions, openCredentialStore } from './auth/credential-store.ts';
export { type GivenLogin, givenLogins } from './auth/given-logins.ts';
export { type Credentials, secretsOf } from './auth/credentials.ts';
export { lacksRoom } from './error.ts';
export type { BlobContent, Upload } from './uploads.ts';
export type { Repository } from './repository.ts';
