import { type Digest, hexOf, isDigest } from './digest.ts';
import type { Manifest } from './manifest.ts';

/** The most referrers of one image, those of its referrers included. */
export const MAX_REFERRERS = 1000;

/** The tag under which registries without a referrers API have an index of them (distribution-spec, Referrers Tag Schema). */
export function referrersTag(subject: Digest): string {
  return `sha256-${hexOf(subject)}`;
}

/** What cosign stores under tags of its own: signatures, attestations, SBOMs (sigstore/cosign, pkg/oci/remote). */
export type CosignSuffix = 'sig' | 'att' | 'sbom';

/** The tag under which cosign finds what it stored of a subject. */
export function cosignTag(subject: Digest, suffix: CosignSuffix): string {
  return `sha256-${hexOf(subject)}.${suffix}`;
}

const COSIGN_TAG = /^sha256-([0-9a-f]{64})\.(?:sig|att|sbom)$/;

/** The digest to which something under one of cosign's tags belongs; undefined for any other tag. */
export function subjectOfCosignTag(tag: string): Digest | undefined {
  const digest = `sha256:${COSIGN_TAG.exec(tag)?.[1] ?? ''}`;
  return isDigest(digest) ? digest : undefined;
}

/** The type by which registries list a referrer (distribution-spec, Listing Referrers): its own, else that of its config. */
export function artifactTypeOf(manifest: Manifest): string | undefined {
  return (
    manifest.artifactType ??
    (manifest.kind === 'manifest' ? manifest.config.mediaType || undefined : undefined)
  );
}

/** cosign's, and Notation's (notaryproject/specifications, signature-specification.md). */
const SIGNATURE_TYPES = [
  'application/vnd.dev.cosign.artifact.sig.v1+json',
  'application/vnd.dev.cosign.simplesigning.v1+json',
  'application/vnd.cncf.notary.signature',
];

/** sigstore's bundles, of any version: `…bundle.v0.3+json`, and before it `…bundle+json;version=0.2`. */
const SIGSTORE_BUNDLE = /^application\/vnd\.dev\.sigstore\.bundle[.+]/;

/** Whether an artifact of this type is a signature, or has signatures in it. */
export function isSignatureType(artifactType: string): boolean {
  const type = artifactType.toLowerCase();
  return SIGNATURE_TYPES.includes(type) || SIGSTORE_BUNDLE.test(type);
}
