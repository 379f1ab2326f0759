export { type CertificateTrust, type HostMaterial, openTrust, type TrustOptions } from './trust.ts';
