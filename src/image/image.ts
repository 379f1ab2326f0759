import type { Lock, LockedImage } from '../lock/index.ts';
import type { Digest } from '../oci/digest.ts';
import type { Manifest } from '../oci/manifest.ts';
import type { LocalPort } from './read-port.ts';

/** A manifest or an index as a run keeps it: parsed once. Its bytes stay where blobs are. */
export interface StoredManifest {
  readonly digest: Digest;
  readonly size: number;
  readonly manifest: Manifest;
}

export type Manifests = ReadonlyMap<Digest, StoredManifest>;

/**
 * An image as a value: made once, when its request is resolved, and handed on to the report. A lock is written from its
 * fields, which are content only.
 */
export interface Image extends LockedImage {
  /** Its tree by digest: every index and manifest that was taken, with the descriptors of what is below. */
  readonly manifests: Manifests;
  /** Bytes of every blob that it names, manifests included. */
  readonly sizes: ReadonlyMap<Digest, number>;
}

/** Images that are laid out or pushed: their lock, their manifests, and where their blobs are read. */
export interface Content {
  readonly lock: Lock;
  readonly manifests: Manifests;
  readonly port: LocalPort;
}
