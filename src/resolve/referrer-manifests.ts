import { OciSaveError } from '../errors.ts';
import type { ManifestBytes, ManifestReader, ReadPort, StoredManifest } from '../image/index.ts';
import { type Digest, shortDigest } from '../oci/digest.ts';
import { MAX_REFERRERS } from '../oci/referrer.ts';

/** Of all manifests that are read for the referrers of one image. */
const MAX_MANIFESTS_BYTES = 64 * 1024 * 1024;

/** The manifests of an image's referrers, each read once. */
export interface ReferrerManifests {
  /** Those that are kept, with all below them. */
  readonly kept: ReadonlyMap<Digest, StoredManifest>;
  read(digest: Digest): Promise<ManifestBytes>;
  /** Counts one that was read elsewhere. */
  count(one: ManifestBytes): void;
  /** Keeps one with all below it: one that is an index is of no use without its children. */
  keep(one: ManifestBytes): Promise<void>;
}

/** @throws OciSaveError `unsupported` where there is more than is reasonable, or an index is not valid */
export function createReferrerManifests(
  port: ReadPort,
  reader: ManifestReader,
  signal: AbortSignal | undefined,
): ReferrerManifests {
  const kept = new Map<Digest, StoredManifest>();
  const read = new Set<Digest>();
  let bytes = 0;

  const manifests: ReferrerManifests = {
    kept,
    count(one) {
      if (read.has(one.digest)) return;
      read.add(one.digest);
      bytes += one.bytes.length;
      if (read.size > MAX_REFERRERS) throw tooMuch(`more than ${MAX_REFERRERS}`);
      if (bytes > MAX_MANIFESTS_BYTES) throw tooMuch(`more than ${MAX_MANIFESTS_BYTES} bytes of manifests`);
    },
    async read(digest) {
      const one = await reader.read(digest, port, signal);
      manifests.count(one);
      return one;
    },
    async keep({ digest, bytes: own, manifest }) {
      if (kept.has(digest)) return;
      kept.set(digest, { digest, size: own.length, manifest });
      if (manifest.kind === 'manifest') return;
      const [faulty] = manifest.faulty;
      if (faulty !== undefined) throw notValid(digest, faulty.fault);
      for (const child of manifest.manifests) await manifests.keep(await manifests.read(child.digest));
    },
  };
  return manifests;
}

export function tooMuch(what: string): OciSaveError {
  return new OciSaveError({ code: 'unsupported', message: `its referrers are beyond reason: ${what}` });
}

export function notValid(digest: Digest, fault: string): OciSaveError {
  const message = `its index of referrers ${shortDigest(digest)} is not valid: ${fault}`;
  return new OciSaveError({ code: 'unsupported', message });
}
